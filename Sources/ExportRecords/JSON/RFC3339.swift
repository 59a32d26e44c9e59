/// Dates as RFC 3339 writes them, to milliseconds since 1970-01-01T00:00:00Z and back.
///
/// Foundation's formatters cost microseconds and are lenient where a job must not be.
enum RFC3339 {
    private static let millisecondsPerDay: Int64 = 86_400_000

    /// Reads `2026-12-01T00:00:00Z`, with none to nine digits of a fraction and any offset.
    ///
    /// What is finer than a millisecond is cut off. A leap second (`23:59:60` UTC) is the moment after it.
    static func parse(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        var reader = DigitReader(text: text)
        guard let year = reader.number(4), reader.take("-"),
            let month = reader.number(2), reader.take("-"),
            let day = reader.number(2), reader.take("T", "t"),
            let hour = reader.number(2), reader.take(":"),
            let minute = reader.number(2), reader.take(":"),
            let second = reader.number(2),
            let fraction = reader.fraction(),
            let offset = reader.offsetMinutes(), reader.isAtEnd,
            1...12 ~= month, 1...daysInMonth(month, of: year) ~= day, hour < 24, minute < 60, second <= 60
        else { return nil }
        let minutes = Int64(hour) * 60 + Int64(minute) - Int64(offset)
        let seconds = daysSinceEpoch(year, month, day) * 86_400 + minutes * 60 + Int64(second)
        guard second < 60 || seconds % 86_400 == 0 else { return nil }
        return seconds * 1_000 + Int64(fraction)
    }

    /// Reads a date from a string.
    static func parse(_ text: String) -> Int64? {
        var text = text
        return text.withUTF8 { parse($0) }
    }

    /// Appends `2026-12-01T00:00:00.000Z`. Moments outside the years 0 to 9999, which the form cannot
    /// show, become the nearest that it can.
    static func append(_ milliseconds: Int64, to bytes: inout [UInt8]) {
        let bounded = min(max(milliseconds, -62_167_219_200_000), 253_402_300_799_999)
        var days = bounded / millisecondsPerDay
        var rest = bounded % millisecondsPerDay
        if rest < 0 {
            rest += millisecondsPerDay
            days -= 1
        }
        let (year, month, day) = civilDate(daysSinceEpoch: days)
        let seconds = rest / 1_000
        appendDigits(year, 4, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        appendDigits(month, 2, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        appendDigits(day, 2, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        appendDigits(seconds / 3_600, 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        appendDigits(seconds / 60 % 60, 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        appendDigits(seconds % 60, 2, to: &bytes)
        bytes.append(UInt8(ascii: "."))
        appendDigits(rest % 1_000, 3, to: &bytes)
        bytes.append(UInt8(ascii: "Z"))
    }

    /// A moment's text.
    static func format(_ milliseconds: Int64) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(24)
        append(milliseconds, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: The proleptic Gregorian calendar

    private static func daysInMonth(_ month: Int, of year: Int) -> Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }

    /// Counts years from March, so that the leap day is the last of its year.
    private static func daysSinceEpoch(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
        let marchYear = Int64(month > 2 ? year : year - 1) + 400
        let marchMonth = Int64((month + 9) % 12)
        let days = marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400
        return days + (marchMonth * 153 + 2) / 5 + Int64(day) - 1 - 719_468 - 146_097
    }

    private static func civilDate(daysSinceEpoch days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468 + 146_097
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 - 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }

    private static func appendDigits(_ number: Int64, _ width: Int, to bytes: inout [UInt8]) {
        var divisor: Int64 = 1
        for _ in 1..<width { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }
}

/// Takes a date apart from left to right.
private struct DigitReader {
    let text: UnsafeBufferPointer<UInt8>
    var index = 0

    var isAtEnd: Bool { index == text.count }

    mutating func number(_ width: Int) -> Int? {
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

    mutating func take(_ character: Unicode.Scalar, _ other: Unicode.Scalar? = nil) -> Bool {
        guard index < text.count else { return false }
        let byte = UInt32(text[index])
        guard byte == character.value || byte == other?.value else { return false }
        index += 1
        return true
    }

    /// Milliseconds; 0 where there is no fraction.
    mutating func fraction() -> Int? {
        guard take(".") else { return 0 }
        var milliseconds = 0
        var digits = 0
        while index < text.count, text[index] &- UInt8(ascii: "0") <= 9 {
            if digits < 3 { milliseconds = milliseconds * 10 + Int(text[index] - UInt8(ascii: "0")) }
            digits += 1
            index += 1
        }
        guard 1...9 ~= digits else { return nil }
        for _ in digits..<max(digits, 3) { milliseconds *= 10 }
        return milliseconds
    }

    /// How far the date's clock is ahead of UTC.
    mutating func offsetMinutes() -> Int? {
        if take("Z", "z") { return 0 }
        let sign = take("+") ? 1 : -1
        guard sign == 1 || take("-"), let hours = number(2), take(":"), let minutes = number(2),
            hours < 24, minutes < 60
        else { return nil }
        return sign * (hours * 60 + minutes)
    }
}
