import ArgumentParser
import ExportCore
import ExportRecords
import Foundation
import Primitives
import WorkerRuntime

/// A job that is ready to be sent.
struct PreparedJob: Sendable {
    /// The job's id, if it is readable.
    var id: String?
    /// The record for the jobs topic.
    var record: OutgoingRecord
}

/// The source of the jobs of `enqueue`.
struct JobSource {
    var fields: JobFields
    var file: String?
    var count: Int?
    var prefix: String?
    var isChecked: Bool

    private static let header = [OriginalRecord.Header(name: "content-type", value: Array("application/json".utf8))]
    /// How many problems an error lists.
    private static let shownProblems = 20

    /// All jobs, checked.
    ///
    /// - Throws: ``CommandFailure`` that names each invalid job and field.
    func jobs() throws -> [PreparedJob] {
        if let file { return try jobs(inFile: file) }
        if let count { return try generated(count) }
        let job = prepare(try document(fields.jobID ?? UUID().uuidString.lowercased(), fields.kind))
        if let problem = job.problem { throw CommandFailure("The job is invalid: \(problem)\(Self.hint)") }
        for warning in job.warnings { Terminal.note("warning: \(warning)") }
        return [job.job]
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
        var number = 0
        for line in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            var bytes = Array(line)
            if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
            guard bytes.contains(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }) else { continue }
            let result = prepare(bytes)
            if let problem = result.problem { problems.append("line \(number): \(problem)") }
            jobs.append(result.job)
        }
        guard problems.isEmpty else {
            var shown = problems.prefix(Self.shownProblems).joined(separator: "\n")
            if problems.count > Self.shownProblems { shown += "\nand \(problems.count - Self.shownProblems) more" }
            throw CommandFailure(
                "\(problems.count) of \(jobs.count) jobs are invalid:\n\(shown)\nNothing was sent. To send them without the check, use --no-check."
            )
        }
        return jobs
    }

    private func prepare(_ value: [UInt8]) -> (job: PreparedJob, problem: String?, warnings: [String]) {
        let decoder = JobDecoder()
        let key = decoder.key(of: OriginalRecord(key: nil, value: value, headers: Self.header)).map { Array($0.utf8) }
        let input = decoder.decode(OriginalRecord(key: key, value: value, headers: Self.header), offset: 0)
        let id: String?
        var problem: String?
        switch input.content {
        case .export(let job): id = job.id
        case .cancel(let job, _): id = job
        case .unreadable(let job, let reason, _, _):
            id = job
            if isChecked { problem = reason }
        }
        let record = OutgoingRecord(key: key, value: value, headers: Self.header)
        let warnings = isChecked ? input.warnings.map { "\($0.field) \($0.message)" } : []
        return (PreparedJob(id: id, record: record), problem, warnings)
    }

    // MARK: Flags

    /// The document that the flags define, valid or not. The check reports the same problems as the worker.
    private func document(_ id: String, _ kind: String?) throws -> [UInt8] {
        let now = SystemClock().now()
        var object: [String: Any] = ["jobId": id, "action": "export"]
        object["kind"] = kind
        object["filter"] = fields.filter
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
                value: try document("\(start)-\(count)", fields.kind ?? "payments"),
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
        let encoder = JobEncoder()
        return (1...count).map { number in
            let text = String(number)
            job.id = "\(start)-\(String(repeating: "0", count: digits - text.count))\(text)"
            if fields.kind == nil { job.kind = number % 2 == 0 ? .payments : .transactionHistory }
            if fields.fileFormat == nil { job.fileFormat = number / 2 % 2 == 0 ? .csv : .tsv }
            if fields.filter == nil { job.filter = GeneratedFilter.text(number, job.kind) }
            return PreparedJob(id: job.id, record: encoder.encode(job))
        }
    }
}
