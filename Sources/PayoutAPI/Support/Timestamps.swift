import struct Foundation.Date

/// Reads the service's timestamps: ISO 8601, UTC or with an offset, any number of fractional digits, of which nine
/// count.
///
/// - Parameter text: For example `2023-05-25T21:20:46.3727561Z`; without a zone, UTC is meant.
/// - Returns: Nil when the text is no timestamp.
func parseTimestamp(_ text: String) -> Date? {
    var reader = FixedFieldReader(text)
    guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
        let day = reader.number(2), (1...12).contains(month), (1...31).contains(day)
    else { return nil }
    var seconds = Double(daysSince1970(year: year, month: month, day: day)) * 86_400
    if reader.isAtEnd { return Date(timeIntervalSince1970: seconds) }
    guard reader.take("T") || reader.take("t") || reader.take(" "), let hour = reader.number(2), reader.take(":"),
        let minute = reader.number(2), hour <= 24, minute < 60
    else { return nil }
    seconds += Double(hour * 3600 + minute * 60)
    if reader.take(":") {
        guard let second = reader.number(2), second <= 60 else { return nil }
        seconds += Double(second)
        if reader.take(".") {
            guard let fraction = reader.fraction() else { return nil }
            seconds += fraction
        }
    }
    guard let offset = reader.zoneOffset() else { return nil }
    return Date(timeIntervalSince1970: seconds - offset)
}

/// Reads an HTTP date in any of the three forms of RFC 9110.
///
/// - Returns: Nil when the text is no HTTP date.
func parseHTTPDate(_ text: String) -> Date? {
    // Sun, 06 Nov 1994 08:49:37 GMT — Sunday, 06-Nov-94 08:49:37 GMT — Sun Nov  6 08:49:37 1994
    let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    var month: Int?
    var day: Int?
    var year: Int?
    var time: Int?
    for word in text.lowercased().split(whereSeparator: { $0 == " " || $0 == "," || $0 == "-" }) {
        if let index = months.firstIndex(of: String(word.prefix(3))), word.count == 3 {
            month = index + 1
        } else if word.contains(":") {
            let parts = word.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) ?? -1 }
            guard parts.count == 3, (0...23).contains(parts[0]), (0...59).contains(parts[1]),
                (0...60).contains(parts[2])
            else { return nil }
            time = parts[0] * 3600 + parts[1] * 60 + parts[2]
        } else if let number = Int(word), number >= 0 {
            if day == nil, word.count <= 2 { day = number } else if year == nil { year = number }
        }
    }
    guard let month, let day, var year, let time, (1...31).contains(day), year <= 9999 else { return nil }
    if year < 100 { year += year < 70 ? 2000 : 1900 }
    return Date(
        timeIntervalSince1970: Double(daysSince1970(year: year, month: month, day: day)) * 86_400 + Double(time)
    )
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar, reckoned in eras of 400 years from 1 March.
private func daysSince1970(year: Int, month: Int, day: Int) -> Int {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
}

private struct FixedFieldReader {
    private var rest: Substring.UTF8View

    init(_ text: String) {
        self.rest = text[...].utf8
    }

    var isAtEnd: Bool { self.rest.isEmpty }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard self.rest.first == UInt8(ascii: character) else { return false }
        self.rest.removeFirst()
        return true
    }

    mutating func number(_ width: Int) -> Int? {
        var value = 0
        for _ in 0..<width {
            guard let byte = self.rest.first, byte >= 0x30, byte <= 0x39 else { return nil }
            value = value * 10 + Int(byte - 0x30)
            self.rest.removeFirst()
        }
        return value
    }

    /// The digits after the point, of which nine count.
    mutating func fraction() -> Double? {
        var value = 0
        var scale = 1
        var digits = 0
        while let byte = self.rest.first, byte >= 0x30, byte <= 0x39 {
            digits += 1
            self.rest.removeFirst()
            guard digits <= 9 else { continue }
            value = value * 10 + Int(byte - 0x30)
            scale *= 10
        }
        return digits == 0 ? nil : Double(value) / Double(scale)
    }

    /// Seconds east of UTC; nothing and `Z` are UTC.
    mutating func zoneOffset() -> Double? {
        if self.isAtEnd { return 0 }
        if self.take("Z") || self.take("z") { return self.isAtEnd ? 0 : nil }
        let sign: Double
        if self.take("+") {
            sign = 1
        } else if self.take("-") {
            sign = -1
        } else {
            return nil
        }
        guard let hours = self.number(2) else { return nil }
        _ = self.take(":")
        guard let minutes = self.isAtEnd ? 0 : self.number(2), self.isAtEnd else { return nil }
        return sign * Double(hours * 3600 + minutes * 60)
    }
}
