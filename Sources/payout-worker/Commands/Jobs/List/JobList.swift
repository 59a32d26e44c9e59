import ExportCore
import ExportRecords
import Foundation
import KafkaClient
import Primitives
import WorkerKafka
import WorkerRuntime

extension ExportJob {
    /// The metadata as fields.
    var metadata: [String: String]? {
        metadataJSON.flatMap { try? JSONDecoder().decode([String: String].self, from: Data($0.utf8)) }
    }
}

/// One job of a list, with the names of the completion event.
struct JobRow: Encodable {
    var jobId: String
    var partition: Int32
    /// Its phase while it is open, then its status.
    var state: String
    var kind: String?
    var account: String?
    /// The id of its batch; unknown for a rejected record.
    var batch: String?
    var attempt: Int
    var maxAttempts: Int?
    var requestId: String?
    var acceptedAt: String
    var finishedAt: String?
    var notBefore: String?
    var deadline: String?
    /// The code and the message of the error.
    var error: String?
    var metadata: [String: String]?

    init(_ record: JobRecord, partition: Int32) {
        let job = record.job
        jobId = job.id
        self.partition = partition
        state = record.status?.name ?? record.phase.name
        kind = job.kind.name
        account = job.account
        batch = job.batch?.id
        attempt = record.attempt
        maxAttempts = job.maxAttempts
        requestId = record.requestID
        acceptedAt = record.times.accepted.rfc3339
        finishedAt = record.times.finished?.rfc3339
        notBefore = job.notBefore?.rfc3339
        deadline = job.deadline?.rfc3339
        error = record.error.map { "\($0.code.name): \($0.message)" }
        metadata = job.metadata
    }

    /// A rejected record, from its event.
    ///
    /// - Parameter partition: the event's, which is that of the record where the event is of an earlier worker.
    init(_ event: CompletionEventDocument, partition: Int32) {
        jobId = event.jobId
        self.partition = event.source?.partition ?? partition
        state = event.status
        kind = event.kind
        account = event.account
        attempt = event.attempts
        acceptedAt = event.times.accepted
        finishedAt = event.times.finished
        error = event.error.map { "\($0.code): \($0.message)" }
    }
}

/// The jobs that the state topic contains, and rejected records from the results topic.
struct JobList {
    private struct Key: Hashable {
        var partition: Int32
        var id: String
    }

    private let selection: JobListFilter
    private let now = SystemClock().now()
    private let codec = StateCodec()
    private var found: [Key: JobRow] = [:]
    private var rejected: [JobRow] = []
    private var unreadable = 0

    private init(_ selection: JobListFilter) { self.selection = selection }

    /// Reads the topics. Only the jobs that are listed are kept in memory.
    static func read(_ selection: JobListFilter, _ access: KafkaAccess) async throws -> JobList {
        var list = JobList(selection)
        try await access.scan(access.topics.state) { record in
            list.addState(record)
            return .continue
        }
        if selection.includesRejected {
            try await access.scan(access.topics.results) { record in
                list.addEvent(record)
                return .continue
            }
        }
        return list
    }

    private mutating func addState(_ record: KafkaRecord) {
        do throws(StateDecodingError) {
            switch try codec.decode(key: record.key, value: record.value) {
            case .job(let job):
                let row = JobRow(job, partition: record.partition)
                found[Key(partition: record.partition, id: row.jobId)] = selection.matches(row, at: now) ? row : nil
            case .forgotten(let id): found[Key(partition: record.partition, id: id)] = nil
            case .batch, .batchForgotten, .pauses, .position, .origin: break
            }
        } catch {
            unreadable += 1
        }
    }

    private mutating func addEvent(_ record: KafkaRecord) {
        guard let event = try? EventDecoder().decode(value: record.value), event.status == JobStatus.rejected.name
        else {
            return
        }
        let row = JobRow(event, partition: record.partition)
        if selection.matches(row, at: now) { rejected.append(row) }
    }

    /// The jobs, the oldest first.
    var rows: [JobRow] {
        (Array(found.values) + rejected).sorted { ($0.acceptedAt, $0.jobId) < ($1.acceptedAt, $1.jobId) }
    }

    private var hasErrors: Bool { found.values.contains { $0.error != nil } || !rejected.isEmpty }

    /// The first jobs as a table.
    func table(_ limit: Int) -> TextTable {
        var table = TextTable(
            ["JOB", "STATE", "ACCOUNT", "KIND", "AGE", "ATTEMPT", "REQUEST", "ERROR"],
            rightAligned: [4, 5],
            optional: hasErrors ? [3, 5, 6] : [6, 7]
        )
        for row in rows.prefix(limit) {
            let age = Instant(rfc3339: row.acceptedAt).map { $0.duration(to: now).shortText } ?? "-"
            table.add([
                row.jobId, row.state, row.account ?? "-", row.kind ?? "-", age, String(row.attempt),
                row.requestId ?? "-",
                row.error ?? "-",
            ])
        }
        return table
    }

    /// What the list does not contain.
    func notes(_ limit: Int) -> [String] {
        var notes = [found.isEmpty && rejected.isEmpty ? "No job has these properties." : ""]
        let count = found.count + rejected.count
        if count > limit { notes.append("\(limit) of \(count) jobs; --limit prints more.") }
        if unreadable > 0 { notes.append("This version cannot read \(Formatting.count(unreadable, "state record")).") }
        return notes.filter { !$0.isEmpty }
    }
}
