/// A range of days in UTC, of which one end may be open.
///
/// A period begins at 00:00 UTC of its first day and ends before 00:00 UTC of the day ``to``, which does not belong to it.
public struct FilterPeriod: Sendable, Hashable {
    /// The parts that a period can be split into.
    public enum Unit: String, Sendable, Hashable, CaseIterable {
        /// Months of the calendar.
        case month
        /// Weeks from Monday to Sunday.
        case week
        /// Days.
        case day
    }

    /// The first day; nil if the period has no start.
    public let from: FilterDate?
    /// The day after the last one; nil if the period has no end.
    public let to: FilterDate?

    /// Both ends in days since 1970-01-01.
    private var bounds: (from: Int?, to: Int?) { (from?.daysSince1970, to?.daysSince1970) }

    /// A period from one day to the day before another.
    ///
    /// - Parameters:
    ///   - from: The first day; nil for no start.
    ///   - to: The day after the last one; nil for no end.
    /// - Returns: Nil if both are nil, if `from` is not before `to`, or if one of them is a point in time and not a day.
    public init?(from: FilterDate?, to: FilterDate?) {
        (self.from, self.to) = (from, to)
        guard (bounds.from == nil) == (from == nil), (bounds.to == nil) == (to == nil) else { return nil }
        switch bounds {
        case (nil, nil): return nil
        case (let first?, let end?): guard first < end else { return nil }
        default: break
        }
    }

    /// A month of the calendar; nil if there is none such.
    ///
    /// - Parameters:
    ///   - year: From 1 to 9999.
    ///   - month: From 1 to 12.
    public init?(year: Int, month: Int) {
        guard let first = FilterDate(year: year, month: month, day: 1) else { return nil }
        let next = month == 12 ? (year + 1, 1) : (year, month + 1)
        // The last month of the calendar has no day after it.
        guard let end = FilterDate(year: next.0, month: next.1, day: 1) else { return nil }
        self.init(from: first, to: end)
    }

    /// A month of the calendar in text form; nil if the text is none.
    ///
    /// - Parameter text: For example `2026-10`.
    public init?(month text: String) {
        guard let first = FilterDate(text + "-01"), let days = first.daysSince1970,
            let date = civilDate(daysSince1970: days)
        else { return nil }
        self.init(year: date.year, month: date.month)
    }

    /// The last complete days before a day.
    ///
    /// - Parameters:
    ///   - days: How many days, at least one.
    ///   - day: The day after the last one; usually today in UTC, which is not complete.
    /// - Returns: Nil if `day` is a point in time, or the calendar does not have the first day.
    public init?(last days: Int, before day: FilterDate) {
        guard days > 0, let end = day.daysSince1970, days < 4_000_000,
            let first = FilterDate(daysSince1970: end - days)
        else { return nil }
        self.init(from: first, to: day)
    }

    /// How many parts ``split(by:)`` yields; nil for a period with an open end.
    public func count(by unit: Unit) -> Int? {
        guard let first = bounds.from, let end = bounds.to else { return nil }
        return Self.index(of: end - 1, unit) - Self.index(of: first, unit) + 1
    }

    /// The period in calendar months, weeks or days, in order and without gaps. The first and the last part end where the
    /// period does.
    ///
    /// - Returns: Nil for a period with an open end.
    public func split(by unit: Unit) -> [FilterPeriod]? {
        guard let first = bounds.from, let end = bounds.to else { return nil }
        var parts: [FilterPeriod] = []
        var start = first
        while start < end {
            let next = min(end, Self.start(ofIndex: Self.index(of: start, unit) + 1, unit))
            guard let part = FilterPeriod(from: FilterDate(daysSince1970: start), to: FilterDate(daysSince1970: next))
            else { return nil }
            parts.append(part)
            start = next
        }
        return parts
    }

    /// The number of the month, week or day that contains a day.
    private static func index(of day: Int, _ unit: Unit) -> Int {
        switch unit {
        case .day: day
        // 1970-01-01 was a Thursday.
        case .week: floorDivide(day + 3, 7)
        case .month: civilDate(daysSince1970: day).map { $0.year * 12 + $0.month - 1 } ?? 0
        }
    }

    private static func start(ofIndex index: Int, _ unit: Unit) -> Int {
        switch unit {
        case .day: index
        case .week: index * 7 - 3
        case .month: daysFrom1970(year: index / 12, month: index % 12 + 1, day: 1)
        }
    }
}

extension FilterPeriod: CustomStringConvertible {
    /// For example `from 2026-10-01 to 2026-11-01`; the end is exclusive.
    public var description: String {
        [from.map { "from \($0.text)" }, to.map { "to \($0.text)" }].compactMap(\.self).joined(separator: " ")
    }
}

extension TypedField where Value == FilterDate {
    /// In this period: from its start, and before its end.
    public func within(_ period: FilterPeriod) -> PayoutFilter<Kind> {
        let terms = [period.from.map { ge($0) }, period.to.map { lt($0) }].compactMap(\.self)
        return terms.dropFirst().reduce(terms[0]) { $0.and($1) }
    }
}

extension FilterKind {
    /// The rows of a period, by the documented date of the kind.
    public static func during(_ period: FilterPeriod) -> PayoutFilter<Self> { dateField.within(period) }
}

extension PayoutKind {
    /// The documented date of the kind's rows: `earningForDate` or `payoutStatusUpdateTS`.
    public var dateFieldName: String {
        switch self {
        case .transactionHistory: TransactionHistory.dateField.name
        case .payments: Payments.dateField.name
        }
    }
}

extension FilterExpression {
    /// The values that bound a field from below and above in every row that the filter selects; nil where there is no such
    /// bound. Only comparisons that hold for the whole filter count, and of several the first.
    ///
    /// - Parameter field: The field's name.
    public func bounds(of field: String) -> (from: FilterLiteral?, to: FilterLiteral?) {
        let terms: [FilterExpression]
        if case .all(let all) = self { terms = all } else { terms = [self] }
        var bounds: (from: FilterLiteral?, to: FilterLiteral?)
        for case .comparison(let comparison) in terms where comparison.field == field {
            switch comparison.op {
            case .ge, .gt: bounds.from = bounds.from ?? comparison.value
            case .le, .lt: bounds.to = bounds.to ?? comparison.value
            case .eq: bounds = (bounds.from ?? comparison.value, bounds.to ?? comparison.value)
            case .ne: break
            }
        }
        return bounds
    }
}
