import ArgumentParser
import Crypto
import Foundation
import PayoutFilters
import Primitives

/// The jobs of a selection: one, or one for each part of a split period.
struct JobSelection {
    /// The most jobs of one command, which is the most of a batch.
    static let maximumJobs = 1_000

    /// One job of the selection.
    struct Job {
        var id: String
        var filter: String?
    }

    var kind: PayoutKind
    var fields: JobFields
    var split: FilterPeriod.Unit?
    var batch: String?
    /// Whether a selection that was enqueued before gets new ids.
    var isAgain: Bool
    /// Whether `--filter` is checked and rewritten.
    var isChecked: Bool
    /// The present day in UTC.
    var today = FilterDate.today

    /// The jobs, and what `--filter` was rewritten to.
    ///
    /// - Throws: `ValidationError` if the flags contradict each other, or if there are too many jobs.
    func jobs() throws -> (jobs: [Job], rewrittenFilter: String?) {
        let options = fields.selection
        let period = try options.period(before: today)
        let day = options.changesDaily(period, today: today) ? today.text : ""
        var rewritten: String?
        let jobs = try parts(of: period).map { part in
            let filter = try SelectedFilter(options, kind: kind, period: part, isChecked: isChecked)
            rewritten = filter.rewritten
            return Job(id: id(part, filter: filter.text, day: day), filter: filter.text)
        }
        return (jobs, rewritten)
    }

    private func parts(of period: FilterPeriod?) throws -> [FilterPeriod?] {
        guard let split, let period else { return [period] }
        guard let count = period.count(by: split) else {
            throw ValidationError("--split requires a period with both ends: give --from and --to.")
        }
        guard count <= Self.maximumJobs else {
            throw ValidationError(
                "--split \(split.rawValue) yields \(count) jobs, and a command enqueues at most \(Self.maximumJobs) of them, as many as a batch has. Use a shorter period or longer parts."
            )
        }
        return period.split(by: split) ?? []
    }

    /// The job's id: the same for the same selection, so that a repeated command is recognised.
    ///
    /// A selection whose period has not ended selects other rows tomorrow. Its ids contain the day, so that a daily run exports
    /// again and a repetition on the same day does not. All parts of a split period contain it, because the service may restate
    /// rows of any part.
    ///
    /// - Parameter day: the present day where the selection changes daily, else empty.
    private func id(_ part: FilterPeriod?, filter: String?, day: String) -> String {
        if let id = fields.jobID { return id }
        guard split != nil || batch != nil || fields.selection.isDerived, !isAgain else {
            let random = UUID().uuidString.lowercased()
            return isAgain ? "\(name(of: part))-\(random)" : random
        }
        let selection = [
            kind.rawValue, fields.account ?? "default", fields.fileFormat ?? "csv", filter ?? "", batch ?? "", day,
        ]
        // The lengths keep different selections apart, whatever characters they have.
        let text = selection.map { "\($0.utf8.count):\($0)" }.joined()
        let digest = Hexadecimal.encoded(SHA256.hash(data: Data(text.utf8))).prefix(12)
        return "\(name(of: part))\(day.isEmpty ? "" : "-as-of-\(day)")-\(digest)"
    }

    /// The readable beginning of an id.
    private func name(of part: FilterPeriod?) -> String {
        let ends = [part?.from.map { "from-\($0.text)" }, part?.to.map { "to-\($0.text)" }].compactMap(\.self)
        return ([kind.rawValue] + ends).joined(separator: "-")
    }
}
