/// A day, or a point in time in UTC, as a filter's literal.
public struct FilterDate: Sendable, Hashable {
    /// The OData literal, for example `2023-03-01` or `2023-03-01T09:30:00Z`.
    public let text: String

    /// A day; nil when the calendar has no such day.
    ///
    /// - Parameters:
    ///   - year: From 1 to 9999.
    ///   - month: From 1 to 12.
    ///   - day: From 1.
    public init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), day >= 1, day <= daysInMonth(month, year: year)
        else { return nil }
        self.text = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }

    /// A point in time in UTC; nil when the calendar has none such.
    ///
    /// - Parameters:
    ///   - year: From 1 to 9999.
    ///   - month: From 1 to 12.
    ///   - day: From 1.
    ///   - hour: From 0 to 23.
    ///   - minute: From 0 to 59.
    ///   - second: From 0 to 59.
    ///   - millisecond: From 0 to 999.
    public init?(
        year: Int,
        month: Int,
        day: Int,
        hour: Int,
        minute: Int,
        second: Int = 0,
        millisecond: Int = 0
    ) {
        guard let date = FilterDate(year: year, month: month, day: day), (0...23).contains(hour),
            (0...59).contains(minute), (0...59).contains(second), (0...999).contains(millisecond)
        else { return nil }
        let fraction = millisecond == 0 ? "" : ".\(padded(millisecond, 3))"
        self.text = "\(date.text)T\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))\(fraction)Z"
    }

    /// A point in time by its distance from 1970-01-01T00:00:00Z; nil outside the years 1 to 9999.
    ///
    /// - Parameter millisecondsSince1970: Milliseconds, leap seconds not counted.
    public init?(millisecondsSince1970: Int64) {
        let dayLength: Int64 = 86_400_000
        // Two thousand years beyond either end, so that nothing below can overflow.
        guard (-126_000_000_000_000...317_000_000_000_000).contains(millisecondsSince1970) else { return nil }
        let day = Int(floorDivide(millisecondsSince1970, dayLength))
        let rest = Int(millisecondsSince1970 - Int64(day) * dayLength)
        guard let (year, month, dayOfMonth) = civilDate(daysSince1970: day) else { return nil }
        self.init(
            year: year,
            month: month,
            day: dayOfMonth,
            hour: rest / 3_600_000,
            minute: rest / 60_000 % 60,
            second: rest / 1000 % 60,
            millisecond: rest % 1000
        )
    }

    /// A literal in text form; nil when it is not valid OData.
    ///
    /// - Parameter text: For example `2019-01-27T23:16:31.009Z`.
    public init?(_ text: String) {
        guard case .valid = ODataDateSyntax.check(Array(text.utf8)[...]) else { return nil }
        self.text = text
    }

    /// A day by its distance from 1970-01-01; nil outside the years 1 to 9999.
    init?(daysSince1970 days: Int) {
        guard let (year, month, day) = civilDate(daysSince1970: days) else { return nil }
        self.init(year: year, month: month, day: day)
    }

    /// Days since 1970-01-01 if this is a day; nil for a point in time.
    var daysSince1970: Int? {
        let parts = text.split(separator: "-").map { Int($0) }
        guard text.utf8.count == 10, parts.count == 3, let year = parts[0], let month = parts[1], let day = parts[2]
        else { return nil }
        return daysFrom1970(year: year, month: month, day: day)
    }
}

private func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}

func floorDivide<Number: BinaryInteger>(_ dividend: Number, _ divisor: Number) -> Number {
    let quotient = dividend / divisor
    return dividend % divisor < 0 ? quotient - 1 : quotient
}

/// Days to a date of the proleptic Gregorian calendar, computed in eras of 400 years that begin on 1 March.
func civilDate(daysSince1970: Int) -> (year: Int, month: Int, day: Int)? {
    guard (-1_500_000...3_700_000).contains(daysSince1970) else { return nil }
    let shifted = daysSince1970 + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
}

/// A date of the proleptic Gregorian calendar as days since 1970-01-01, computed in the same eras.
func daysFrom1970(year: Int, month: Int, day: Int) -> Int {
    let marchYear = month > 2 ? year : year - 1
    let era = floorDivide(marchYear, 400)
    let yearOfEra = marchYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
}
