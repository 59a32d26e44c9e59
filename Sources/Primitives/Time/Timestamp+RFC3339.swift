// Foundation's formatters cost microseconds per date, and are lenient where a job must not be.

extension Timestamp {
    /// Reads RFC 3339 strictly: `2026-12-01T00:00:00Z`, with none to nine digits of a fraction and any offset.
    ///
    /// A leap second (`23:59:60` UTC) is the second after it.
    ///
    /// - Returns: Nil for any other text, days that do not exist included.
    public init?(rfc3339 text: UnsafeBufferPointer<UInt8>) {
        var reader = DateReader(text: text, isStrict: true)
        guard let time = reader.timestamp() else { return nil }
        self = time
    }

    /// Reads RFC 3339 strictly from a string.
    public init?(rfc3339 text: String) {
        var text = text
        guard let time = text.withUTF8({ Timestamp(rfc3339: $0) }) else { return nil }
        self = time
    }

    /// Reads the extended form of ISO 8601 as services write it: like RFC 3339, and the time of day, its seconds, the zone
    /// and the minutes of the zone may be missing, a space may stand for `T`, and a fraction may have any number of digits,
    /// of which nine count.
    ///
    /// - Parameter text: For example `2023-05-25T21:20:46.3727561Z`; without a zone, UTC is meant.
    /// - Returns: Nil for any other text, days that do not exist included.
    public init?(iso8601 text: String) {
        var text = text
        let time = text.withUTF8 { bytes in
            var reader = DateReader(text: bytes, isStrict: false)
            return reader.timestamp()
        }
        guard let time else { return nil }
        self = time
    }

    /// Appends `2026-12-01T00:00:00.000Z`. Times outside the years 0 to 9999, which the form cannot show, become the
    /// nearest that it can.
    ///
    /// - Parameters:
    ///   - digits: The digits of the fraction, from 0 to 9; what is finer is cut off.
    ///   - bytes: Where the text goes.
    public func appendRFC3339(fractionDigits digits: Int = 3, to bytes: inout [UInt8]) {
        let bounded =
            self < Self.firstWritable ? Self.firstWritable : self > Self.lastWritable ? Self.lastWritable : self
        let (date, second) = bounded.dayAndSecond
        // Built apart and appended at once: events and log lines have several of them.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { text in
            var writer = DigitWriter(text: text)
            writer.put(date.year, 4)
            writer.put("-")
            writer.put(date.month, 2)
            writer.put("-")
            writer.put(date.day, 2)
            writer.put("T")
            writer.put(Int(second) / 3_600, 2)
            writer.put(":")
            writer.put(Int(second) / 60 % 60, 2)
            writer.put(":")
            writer.put(Int(second) % 60, 2)
            if digits > 0 {
                writer.put(".")
                var fraction = Int(bounded.nanoseconds)
                for _ in min(digits, 9)..<9 { fraction /= 10 }
                writer.put(fraction, min(digits, 9))
            }
            writer.put("Z")
            bytes.append(contentsOf: UnsafeMutableBufferPointer(rebasing: text[..<writer.count]))
        }
    }

    /// The text that ``appendRFC3339(fractionDigits:to:)`` appends.
    public func rfc3339(fractionDigits digits: Int = 3) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(30)
        appendRFC3339(fractionDigits: digits, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `20261125T075029Z`: the basic form of ISO 8601, in UTC.
    public var basicISO8601: String {
        rfc3339(fractionDigits: 0).filter { $0 != "-" && $0 != ":" }
    }

    private static let firstWritable = Timestamp(seconds: -62_167_219_200)
    private static let lastWritable = Timestamp(seconds: 253_402_300_799, nanoseconds: 999_999_999)
}

/// Puts a date together from left to right.
private struct DigitWriter {
    let text: UnsafeMutableBufferPointer<UInt8>
    var count = 0

    mutating func put(_ character: Unicode.Scalar) {
        text[count] = UInt8(truncatingIfNeeded: character.value)
        count += 1
    }

    mutating func put(_ number: Int, _ width: Int) {
        var (rest, place) = (number, count + width)
        while place > count {
            place -= 1
            text[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        count += width
    }
}

/// Takes a date apart from left to right.
private struct DateReader {
    let text: UnsafeBufferPointer<UInt8>
    /// Whether only RFC 3339 is accepted.
    let isStrict: Bool
    private var index = 0

    init(text: UnsafeBufferPointer<UInt8>, isStrict: Bool) {
        self.text = text
        self.isStrict = isStrict
    }

    private var isAtEnd: Bool { index == text.count }

    mutating func timestamp() -> Timestamp? {
        guard let year = number(4), take(UInt8(ascii: "-")), let month = number(2), take(UInt8(ascii: "-")),
            let day = number(2),
            1...12 ~= month, 1...CivilDate.days(inMonth: month, of: year) ~= day
        else { return nil }
        let midnight = Int64(CivilDate(year: year, month: month, day: day).daysSince1970) * 86_400
        if isAtEnd, !isStrict { return Timestamp(seconds: midnight) }
        // ISO 8601 knows 24:00, the end of a day.
        guard take(UInt8(ascii: "T")) || take(UInt8(ascii: "t")) || (!isStrict && take(UInt8(ascii: " "))),
            let hour = number(2), take(UInt8(ascii: ":")),
            let minute = number(2), hour < 24 || (hour == 24 && !isStrict), minute < 60
        else { return nil }
        var (second, nanoseconds) = (0, 0)
        if take(UInt8(ascii: ":")) {
            guard let whole = number(2), whole <= 60, let fraction = fraction() else { return nil }
            (second, nanoseconds) = (whole, fraction)
        } else if isStrict {
            return nil
        }
        guard let offset = offsetMinutes(), isAtEnd else { return nil }
        let seconds = midnight + Int64(hour * 60 + minute - offset) * 60 + Int64(second)
        guard second < 60 || !isStrict || seconds % 86_400 == 0 else { return nil }
        return Timestamp(seconds: seconds, nanoseconds: Int64(nanoseconds))
    }

    @inline(__always)
    private mutating func number(_ width: Int) -> Int? {
        guard index + width <= text.count else { return nil }
        var number = 0
        for _ in 0..<width {
            let digit = text[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            number = number * 10 + Int(digit)
            index += 1
        }
        return number
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard index < text.count, text[index] == byte else { return false }
        index += 1
        return true
    }

    /// Nanoseconds; 0 where there is no fraction.
    private mutating func fraction() -> Int? {
        guard take(UInt8(ascii: ".")) else { return 0 }
        var nanoseconds = 0
        var digits = 0
        while index < text.count, text[index] &- UInt8(ascii: "0") <= 9 {
            if digits < 9 { nanoseconds = nanoseconds * 10 + Int(text[index] - UInt8(ascii: "0")) }
            digits += 1
            index += 1
        }
        guard digits > 0, digits <= 9 || !isStrict else { return nil }
        for _ in digits..<max(digits, 9) { nanoseconds *= 10 }
        return nanoseconds
    }

    /// How far the date's clock is ahead of UTC.
    private mutating func offsetMinutes() -> Int? {
        if take(UInt8(ascii: "Z")) || take(UInt8(ascii: "z")) || (isAtEnd && !isStrict) { return 0 }
        let sign = take(UInt8(ascii: "+")) ? 1 : -1
        guard sign == 1 || take(UInt8(ascii: "-")), let hours = number(2), take(UInt8(ascii: ":")) || !isStrict,
            let minutes = isAtEnd && !isStrict ? 0 : number(2), hours < 24, minutes < 60
        else { return nil }
        return sign * (hours * 60 + minutes)
    }
}
