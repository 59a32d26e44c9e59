import ArgumentParser
import ExportCore
import ExportRecords
import Foundation
import PayoutFilters
import Primitives
import WorkerRuntime

/// The source of the jobs of `enqueue`.
struct JobSource {
    var fields: JobFields
    var file: String?
    var count: Int?
    var prefix: String?
    var isChecked: Bool
    /// One job for each part of the period.
    var split: FilterPeriod.Unit?
    /// The batch of the jobs.
    var batch: String?
    /// Whether a selection that was enqueued before gets new ids.
    var isAgain = false
    /// What happens to jobs without a filter.
    var rule = FilterRule()

    private static let header = [OriginalRecord.Header(name: "content-type", value: Array("application/json".utf8))]
    /// How many problems an error lists.
    private static let shownProblems = 20

    /// All jobs, checked.
    ///
    /// - Throws: ``CommandFailure`` that names each invalid job and field.
    func jobs() throws -> [PreparedJob] {
        if let file { return try jobs(inFile: file) }
        if let count { return try generated(count) }
        return try selected()
    }

    // MARK: A selection

    private func selected() throws -> [PreparedJob] {
        guard let kind = fields.kind.flatMap(PayoutKind.init(rawValue:)) else {
            // A period needs the kind's date. Without one the check reports the kind as the worker does.
            if fields.selection.isDerived || batch != nil {
                throw ValidationError("--kind must be transactionHistory or payments.")
            }
            let id = fields.jobID ?? UUID().uuidString.lowercased()
            return try checked([try document(id, fields.kind, filter: fields.selection.filter)])
        }
        let selection = JobSelection(
            kind: kind,
            fields: fields,
            split: split,
            batch: batch,
            isAgain: isAgain,
            isChecked: isChecked
        )
        let (jobs, rewritten) = try selection.jobs()
        if let rewritten { Terminal.note("warning: --filter was rewritten to: \(rewritten)") }
        return try checked(
            jobs.map { try document($0.id, kind.rawValue, filter: $0.filter, batchSize: jobs.count) }
        )
    }

    private func checked(_ documents: [[UInt8]]) throws -> [PreparedJob] {
        let results = documents.map(prepare)
        if let problem = results.lazy.compactMap(\.problem).first {
            throw CommandFailure("The job is invalid: \(problem)\(Self.hint)")
        }
        try rule.check(accounts: results.compactMap(\.unfilteredAccount), "The job has")
        for warning in Set(results.flatMap(\.warnings)).sorted() { Terminal.note("warning: \(warning)") }
        return results.map(\.job)
    }

    private static let hint = "\nNothing was sent. To send it without the check, use --no-check."

    // MARK: A file

    private func jobs(inFile path: String) throws -> [PreparedJob] {
        let data: Data
        if path == "-" {
            data = try FileHandle.standardInput.readToEnd() ?? Data()
        } else if let contents = FileManager.default.contents(atPath: path) {
            data = contents
        } else {
            throw CommandFailure("Failed to read the file '\(path)'. Check the path and its permissions.")
        }
        var jobs: [PreparedJob] = []
        var problems: [String] = []
        var warnings: [String] = []
        var unfiltered: [String] = []
        var number = 0
        for line in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            var bytes = Array(line)
            if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
            guard bytes.contains(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }) else { continue }
            let result = prepare(bytes)
            if let problem = result.problem { problems.append("line \(number): \(problem)") }
            if let account = result.unfilteredAccount { unfiltered.append(account) }
            warnings += result.warnings.map { "line \(number): \($0)" }
            jobs.append(result.job)
        }
        guard problems.isEmpty else {
            var shown = problems.prefix(Self.shownProblems).joined(separator: "\n")
            if problems.count > Self.shownProblems { shown += "\nand \(problems.count - Self.shownProblems) more" }
            throw CommandFailure(
                "\(problems.count) of \(jobs.count) jobs are invalid:\n\(shown)\nNothing was sent. To send them without the check, use --no-check."
            )
        }
        try rule.check(accounts: unfiltered, "\(unfiltered.count) of \(Formatting.count(jobs.count, "job")) have")
        for warning in warnings.prefix(Self.shownProblems) { Terminal.note("warning: \(warning)") }
        if warnings.count > Self.shownProblems {
            Terminal.note("warning: and \(warnings.count - Self.shownProblems) more warnings")
        }
        return jobs
    }

    /// A job and what the check found.
    private struct CheckedJob {
        var job: PreparedJob
        var problem: String?
        var warnings: [String]
        /// The account of a job that exports three years.
        var unfilteredAccount: String?
    }

    private func prepare(_ value: [UInt8]) -> CheckedJob {
        let decoder = JobDecoder()
        // The jobs of a batch are in one partition.
        let key = decoder.key(of: OriginalRecord(key: nil, value: value, headers: Self.header)).map { Array($0.utf8) }
        let input = decoder.decode(OriginalRecord(key: key, value: value, headers: Self.header), offset: 0)
        let id: String?
        var problem: String?
        var unfiltered: String?
        switch input.content {
        case .export(let job):
            id = job.id
            if job.filter == nil, job.adoptedRequestID == nil { unfiltered = job.account }
        case .cancel(let job, _): id = job
        case .pause, .resume:
            id = nil
            problem = "it pauses or resumes jobs; use 'payout-worker pause' and 'payout-worker resume'"
        case .unreadable(let job, let reason, _, _):
            id = job
            if isChecked { problem = reason }
        }
        let record = OutgoingRecord(key: key, value: value, headers: Self.header)
        return CheckedJob(
            job: PreparedJob(id: id, record: record),
            problem: problem,
            warnings: isChecked ? input.warnings.map { "\($0.field) \($0.message)" } : [],
            unfilteredAccount: unfiltered
        )
    }

    // MARK: Flags

    /// The document that the flags define, valid or not. The check reports the same problems as the worker.
    private func document(
        _ id: String,
        _ kind: String?,
        filter: String?,
        batchSize: Int = 1
    ) throws -> [UInt8] {
        let now = SystemClock().now()
        var object: [String: Any] = ["jobId": id, "action": "export"]
        object["kind"] = kind
        object["filter"] = filter
        if let batch { object["batch"] = ["id": batch, "size": batchSize] as [String: Any] }
        object["fileFormat"] = fields.fileFormat
        object["account"] = fields.account
        object["notBefore"] = fields.notBefore.map { Self.time($0, now) }
        object["deadline"] = fields.deadline.map { Self.time($0, now) }
        object["maxAttempts"] = fields.maxAttempts
        object["requestId"] = fields.requestID
        let metadata = try PairArgument.parse(fields.metadata, "--metadata")
        if !metadata.isEmpty { object["metadata"] = metadata }
        return Array(
            try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
        )
    }

    private static func time(_ text: String, _ now: Instant) -> String {
        Duration(parsing: text).map { now.advanced(by: $0).rfc3339 } ?? text
    }

    // MARK: Generated jobs

    private func generated(_ count: Int) throws -> [PreparedJob] {
        let start = prefix ?? "job-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
        let digits = String(count).count
        let template = JobDecoder().decode(
            OriginalRecord(
                key: nil,
                value: try document(
                    "\(start)-\(count)",
                    fields.kind ?? "payments",
                    filter: fields.selection.filter
                ),
                headers: Self.header
            ),
            offset: 0
        )
        guard case .export(var job) = template.content else {
            if case .unreadable(_, let reason, _, _) = template.content {
                throw CommandFailure("The generated jobs are invalid: \(reason)\nNothing was sent.")
            }
            throw CommandFailure("The generated jobs are invalid. Nothing was sent.")
        }
        for warning in template.warnings { Terminal.note("warning: \(warning.field) \(warning.message)") }
        let encoder = JobEncoder()
        return (1...count).map { number in
            let text = String(number)
            job.id = "\(start)-\(String(repeating: "0", count: digits - text.count))\(text)"
            if fields.kind == nil { job.kind = number % 2 == 0 ? .payments : .transactionHistory }
            if fields.fileFormat == nil { job.fileFormat = number / 2 % 2 == 0 ? .csv : .tsv }
            if fields.selection.filter == nil { job.filter = GeneratedFilter.text(number, job.kind) }
            return PreparedJob(id: job.id, record: encoder.encode(job))
        }
    }
}
