// Runs that begin with a digit or a sign: numbers, dates, and usual mistakes in them.

extension FilterLexer {
    mutating func classifyNumeric(_ run: ArraySlice<UInt8>) -> FilterToken {
        let text = String(decoding: run, as: UTF8.self)
        if isODataNumber(run) { return .number(text) }
        switch ODataDateSyntax.check(run) {
        case .valid:
            return .dateTime(text)
        case .invalid(let problem):
            report(.error, .malformedDate, at: run.startIndex, problem.message(for: text))
        case .notADate:
            reportMalformedNumber(run, text: text)
        }
        return .malformed
    }

    private mutating func reportMalformedNumber(_ run: ArraySlice<UInt8>, text: String) {
        let start = run.startIndex
        let letters = run.filter { isLetter($0) || $0 >= 0x80 }.count
        let digits = run.filter(isDigit).count
        if run.contains(UInt8(ascii: ",")) {
            report(
                .error,
                .malformedNumber,
                at: start,
                "\(text): numbers have a point before the fraction and nothing between thousands, as in 1234.50"
            )
        } else if letters == 1, digits == run.count - 1, run.last.map(isLetter) == true {
            report(.error, .malformedNumber, at: start, "\(text): numbers have no suffix in OData v4")
        } else if letters > 0 {
            report(.error, .unquotedText, at: start, "\(text) is text: put it in single quotes")
        } else {
            report(.error, .malformedNumber, at: start, "\(text) is no number: write it as in 1234.50")
        }
    }
}

/// Sign, digits, fraction, exponent: OData v4's decimal.
func isODataNumber(_ run: ArraySlice<UInt8>) -> Bool {
    var rest = run
    if let first = rest.first, isSign(first) { rest.removeFirst() }
    func dropDigits(_ rest: inout ArraySlice<UInt8>) -> Bool {
        let before = rest.count
        rest = rest.drop(while: isDigit)
        return rest.count < before
    }
    guard dropDigits(&rest) else { return false }
    if rest.first == UInt8(ascii: ".") {
        rest.removeFirst()
        guard dropDigits(&rest) else { return false }
    }
    if let byte = rest.first, byte | 0x20 == UInt8(ascii: "e") {
        rest.removeFirst()
        if let sign = rest.first, isSign(sign) { rest.removeFirst() }
        guard dropDigits(&rest) else { return false }
    }
    return rest.isEmpty
}

/// OData v4's `Edm.Date` and `Edm.DateTimeOffset` literals.
enum ODataDateSyntax {
    case valid
    case invalid(Problem)
    case notADate

    enum Problem {
        case noSuchDay
        case noSuchTime
        case missingZone
        case form

        func message(for text: String) -> String {
            switch self {
            case .noSuchDay: "\(text): there is no such day"
            case .noSuchTime: "\(text): there is no such time"
            case .missingZone: "\(text) does not say its time zone: append Z for UTC"
            case .form: "\(text) is no date that OData knows: write 2023-03-01 or 2023-03-01T00:00:00Z"
            }
        }
    }

    static func check(_ run: ArraySlice<UInt8>) -> ODataDateSyntax {
        guard Self.looksLikeDate(run) else { return .notADate }
        var cursor = DigitCursor(rest: run)
        guard let year = cursor.digits(4), cursor.take("-"), let month = cursor.digits(2), cursor.take("-"),
            let day = cursor.digits(2)
        else { return .invalid(.form) }
        guard (1...12).contains(month), day >= 1, day <= daysInMonth(month, year: year) else {
            return .invalid(.noSuchDay)
        }
        if cursor.rest.isEmpty { return .valid }
        guard cursor.take("T") || cursor.take("t") else { return .invalid(.form) }
        return Self.checkTime(&cursor)
    }

    private static func checkTime(_ cursor: inout DigitCursor) -> ODataDateSyntax {
        guard let hour = cursor.digits(2), cursor.take(":"), let minute = cursor.digits(2) else {
            return .invalid(.form)
        }
        var second = 0
        if cursor.take(":") {
            guard let value = cursor.digits(2) else { return .invalid(.form) }
            second = value
            if cursor.take(".") {
                let before = cursor.rest.count
                cursor.rest = cursor.rest.drop(while: isDigit)
                guard (1...12).contains(before - cursor.rest.count) else { return .invalid(.form) }
            }
        }
        guard hour < 24, minute < 60, second < 60 else { return .invalid(.noSuchTime) }
        if cursor.rest.isEmpty { return .invalid(.missingZone) }
        if !(cursor.take("Z") || cursor.take("z")) {
            guard cursor.take("+") || cursor.take("-"), let zoneHour = cursor.digits(2), cursor.take(":"),
                let zoneMinute = cursor.digits(2)
            else { return .invalid(.form) }
            guard zoneHour <= 14, zoneMinute < 60 else { return .invalid(.noSuchTime) }
        }
        return cursor.rest.isEmpty ? .valid : .invalid(.form)
    }

    /// Three groups separated by `-`, `/` or `.`, or any text with a colon, if it has only a date's characters.
    private static func looksLikeDate(_ run: ArraySlice<UInt8>) -> Bool {
        let day = run.prefix { $0 | 0x20 != UInt8(ascii: "t") && $0 != UInt8(ascii: ":") }
        guard day.allSatisfy({ isDigit($0) || isDateSeparator($0) }) else { return false }
        if run.contains(UInt8(ascii: ":")) { return true }
        let groups = day.split(whereSeparator: isDateSeparator)
        return groups.count == 3 && groups.allSatisfy { $0.count <= 4 }
    }

    private static func isDateSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "-") || byte == UInt8(ascii: "/") || byte == UInt8(ascii: ".")
    }
}

/// Reads fixed-width numbers.
private struct DigitCursor {
    var rest: ArraySlice<UInt8>

    mutating func digits(_ count: Int) -> Int? {
        let head = self.rest.prefix(count)
        guard head.count == count, head.allSatisfy(isDigit) else { return nil }
        self.rest = self.rest.dropFirst(count)
        return head.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard self.rest.first == UInt8(ascii: character) else { return false }
        self.rest = self.rest.dropFirst()
        return true
    }
}

/// How many days a month of the proleptic Gregorian calendar has.
func daysInMonth(_ month: Int, year: Int) -> Int {
    switch month {
    case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
}
