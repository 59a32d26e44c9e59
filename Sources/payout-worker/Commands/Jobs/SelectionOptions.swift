import ArgumentParser
import ExportCore
import PayoutFilters
import WorkerRuntime

/// The flags that select rows, of `enqueue` and `export create`.
struct SelectionOptions: ParsableArguments {
    /// The longest period of `--last`, in days.
    static let maximumDays = 3_660

    @Option(help: ArgumentHelp("The rows of a calendar month in UTC, for example 2026-10.", valueName: "month"))
    var month: String?

    @Option(help: ArgumentHelp("Rows from this day on, 00:00 UTC.", valueName: "day"))
    var from: String?

    @Option(help: ArgumentHelp("Rows before this day, 00:00 UTC: the end is exclusive.", valueName: "day"))
    var to: String?

    @Option(
        help: ArgumentHelp("The last complete days in UTC, today excluded, for example 30d or 4w.", valueName: "days")
    )
    var last: String?

    @Option(help: ArgumentHelp("Only this participant: an MPN id or seller id. Repeatable.", valueName: "id"))
    var participant: [String] = []

    @Option(
        help: ArgumentHelp("Only this program, for example 'CSP Direct Bill Partner'. Repeatable.", valueName: "name")
    )
    var program: [String] = []

    @Option(
        help: ArgumentHelp(
            "OData filter; combined with the other flags by and. Default without any: everything of the last three years.",
            valueName: "filter"
        )
    )
    var filter: String?

    /// Whether no flag is set.
    var isEmpty: Bool { !isDerived && filter == nil }

    /// Whether a flag other than the filter is set. The job ids are then derived from the selection.
    var isDerived: Bool { hasPeriod || !participant.isEmpty || !program.isEmpty }

    private var hasPeriod: Bool { month != nil || from != nil || to != nil || last != nil }

    /// Whether the same flags select other rows tomorrow: the period moves, is open, or is not over.
    ///
    /// - Parameter period: the period of the flags.
    func changesDaily(_ period: FilterPeriod?, today: FilterDate) -> Bool {
        guard last == nil, let end = period?.to else { return true }
        return end.text > today.text
    }

    func validate() throws { _ = try period(before: FilterDate.today) }

    /// The period, if there is a valid one.
    var period: FilterPeriod? { try? period(before: FilterDate.today) }

    /// The period of the flags; nil if there is none.
    ///
    /// - Parameter today: The day after the last complete one.
    func period(before today: FilterDate) throws -> FilterPeriod? {
        guard [month, from ?? to, last].count(where: { $0 != nil }) <= 1 else {
            throw ValidationError("Use one of --month, --last, or --from with --to: they would overlap.")
        }
        if let month {
            guard let period = FilterPeriod(month: month) else {
                throw ValidationError("--month must be a month such as 2026-10, not '\(month)'.")
            }
            return period
        }
        if let last { return try Self.last(last, before: today) }
        guard hasPeriod else { return nil }
        let (first, end) = (try Self.day(from, "--from"), try Self.day(to, "--to"))
        guard let period = FilterPeriod(from: first, to: end) else {
            throw ValidationError(
                "--from \(from ?? "") must be before --to \(to ?? ""). The end is exclusive: for one day, --to is the next day."
            )
        }
        return period
    }

    private static func last(_ text: String, before today: FilterDate) throws -> FilterPeriod {
        let count = Int(text.dropLast()) ?? 0
        let days = text.hasSuffix("w") ? count.multipliedReportingOverflow(by: 7).partialValue : count
        guard text.hasSuffix("d") || text.hasSuffix("w"), (1...maximumDays).contains(count), days <= maximumDays,
            let period = FilterPeriod(last: days, before: today)
        else {
            throw ValidationError(
                "--last must be days such as 30d or weeks such as 4w, at most \(maximumDays)d, not '\(text)'."
            )
        }
        return period
    }

    private static func day(_ text: String?, _ flag: String) throws -> FilterDate? {
        guard let text else { return nil }
        guard text.utf8.count == 10, let day = FilterDate(text) else {
            throw ValidationError(
                "\(flag) must be a day such as 2026-03-01, which begins at 00:00 UTC, not '\(text)'. For a time of day use --filter."
            )
        }
        return day
    }
}

extension FilterDate {
    /// The present day in UTC.
    static var today: FilterDate { .day(SystemClock().now().milliseconds) }

    /// The day in UTC of a time.
    ///
    /// - Parameter milliseconds: Since 1970-01-01T00:00:00Z; a time outside of the calendar yields its first day.
    static func day(_ milliseconds: Int64) -> FilterDate {
        let time = FilterDate(millisecondsSince1970: milliseconds)?.text ?? "0001-01-01"
        guard let day = FilterDate(String(time.prefix(10))) else { preconditionFailure("\(time) begins with a day") }
        return day
    }
}
