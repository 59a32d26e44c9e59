import ExportCore
import ExportRecords
import KafkaClient
import Primitives
import WorkerKafka
import WorkerRuntime

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
