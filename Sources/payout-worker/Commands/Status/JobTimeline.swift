import ExportCore
import ExportRecords
import Foundation
import KafkaClient
import WorkerKafka
import WorkerRuntime

/// All that the topics contain about a job.
struct JobTimeline: Encodable {
    /// An event in the job's life.
    struct Entry: Encodable {
        var time: String
        var what: String
    }

    var jobId: String
    /// Its phase, or the status that it ended with.
    var state: String
    var kind: String?
    var filter: String?
    var fileFormat: String?
    var account: String?
    var attempt: Int?
    var requestId: String?
    var notBefore: String?
    var deadline: String?
    var metadata: [String: String]?
    var error: String?
    /// The locations of the files, without signatures.
    var files: [String]
    var timeline: [Entry]

    /// - Throws: ``CommandFailure`` if the topics contain nothing about the job.
    static func known(_ id: String, _ access: KafkaAccess) async throws -> JobTimeline {
        guard let timeline = try await read(id, access) else {
            throw CommandFailure(
                "The job '\(id)' is unknown: \(access.topics.jobs), \(access.topics.state) and \(access.topics.results) do not contain it. It was never enqueued, or its records have been deleted. Check the id and the KAFKA_TOPICS_… variables."
            )
        }
        return timeline
    }

    private static func read(_ id: String, _ access: KafkaAccess) async throws -> JobTimeline? {
        var builder = TimelineBuilder(id: id)
        try await access.scan(access.topics.jobs) { record in
            builder.addJob(record)
            return .continue
        }
        try await access.scan(access.topics.state) { record in
            builder.addState(record)
            return .continue
        }
        try await access.scan(access.topics.results) { record in
            builder.addEvent(record)
            return .continue
        }
        return builder.timeline
    }

    var text: String {
        let fields: [(String, String?)] = [
            ("job", jobId), ("state", state), ("kind", kind), ("filter", filter), ("format", fileFormat),
            ("account", account), ("attempt", attempt.map(String.init)), ("request", requestId),
            ("notBefore", notBefore), ("deadline", deadline), ("error", error),
        ]
        var lines = fields.compactMap { name, value in
            value.map { name.padding(to: 11) + TextTable.printable($0) }
        }
        lines += files.map { "file".padding(to: 11) + TextTable.printable($0) }
        lines += (metadata ?? [:]).sorted { $0.key < $1.key }.map { name, value in
            "metadata".padding(to: 11) + TextTable.printable("\(name)=\(value)")
        }
        lines.append("")
        lines += timeline.map { "\($0.time)  \(TextTable.printable($0.what))" }
        return lines.joined(separator: "\n")
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}

/// Builds a timeline from a job's records.
private struct TimelineBuilder {
    let id: String
    private let key: [UInt8]
    private var entries: [JobTimeline.Entry] = []
    private var record: JobRecord?
    private var event: CompletionEventDocument?
    private var isKnown = false

    init(id: String) {
        self.id = id
        key = Array(id.utf8)
    }

    private mutating func add(_ milliseconds: Int64?, _ what: String) {
        add(milliseconds.map { Instant(milliseconds: $0).rfc3339 }, what)
    }

    private mutating func add(_ time: String?, _ what: String) {
        guard let time, !entries.contains(where: { $0.time == time && $0.what == what }) else { return }
        entries.append(JobTimeline.Entry(time: time, what: what))
    }

    private func belongsToJob(_ record: KafkaRecord) -> Bool {
        record.withKey { found in found?.elementsEqual(key) ?? false }
    }

    /// Whether the record may be about the job. The key of a job of a batch is the batch's id.
    private func mayNameJob(_ record: KafkaRecord) -> Bool {
        belongsToJob(record)
            || record.withValue { value in
                guard let value, let start = UnsafeMutableRawPointer(mutating: value.baseAddress) else { return false }
                let bytes = Data(bytesNoCopy: start, count: value.count, deallocator: .none)
                return bytes.range(of: Data(key)) != nil
            }
    }

    mutating func addJob(_ record: KafkaRecord) {
        guard mayNameJob(record) else { return }
        let content = JobDecoder().decode(OriginalRecord(record), offset: record.offset).content
        guard content.jobID == id || content.jobID == nil && belongsToJob(record) else { return }
        isKnown = true
        let place = "\(record.topic)[\(record.partition)] offset \(record.offset)"
        switch content {
        case .export: add(record.timestamp, "enqueued: \(place)")
        case .cancel: add(record.timestamp, "cancel command: \(place)")
        case .pause, .resume: break
        case .unreadable(_, let reason, _, _): add(record.timestamp, "enqueued, invalid (\(reason)): \(place)")
        }
    }

    mutating func addState(_ record: KafkaRecord) {
        guard belongsToJob(record), let state = try? StateCodec().decode(key: record.key, value: record.value) else {
            return
        }
        isKnown = true
        switch state {
        case .job(let job):
            self.record = job
            add(job.times.accepted.milliseconds, "accepted")
            if job.phase == .submitting { add(record.timestamp, "submitting, attempt \(job.attempt)") }
            if let adopted = job.job.adoptedRequestID {
                add(job.times.accepted.milliseconds, "adopts the export \(adopted)")
                // Known once the file exists.
                if job.times.ready != nil { add(job.times.submitted?.milliseconds, "submitted, not by this job") }
            } else {
                add(job.times.submitted?.milliseconds, "submitted as \(job.requestID ?? "?"), attempt \(job.attempt)")
            }
            add(job.times.ready?.milliseconds, "ready at the service")
            if job.phase == .finished { add(job.times.finished?.milliseconds, "finished: \(job.status?.name ?? "?")") }
        case .forgotten: add(record.timestamp, "forgotten: the id can be used for another job")
        case .batch, .batchForgotten, .pauses, .position, .origin: break
        }
    }

    mutating func addEvent(_ record: KafkaRecord) {
        guard belongsToJob(record), let event = try? EventDecoder().decode(value: record.value) else { return }
        isKnown = true
        // A rejection ends only the record that it names.
        if event.status != JobStatus.rejected.name || self.event == nil { self.event = event }
        let place = "\(record.topic)[\(record.partition)] offset \(record.offset)"
        add(record.timestamp, "event \(event.status): \(place)")
    }

    var timeline: JobTimeline? {
        guard isKnown else { return nil }
        let job = record?.job
        return JobTimeline(
            jobId: id,
            state: state,
            kind: job?.kind.name ?? event?.kind,
            filter: job?.filter ?? event?.filter,
            fileFormat: job?.fileFormat.name ?? event?.fileFormat,
            account: job?.account ?? event?.account,
            attempt: record?.attempt ?? event?.attempts,
            requestId: record?.requestID ?? event?.requestId,
            notBefore: job?.notBefore?.rfc3339,
            deadline: job?.deadline?.rfc3339,
            metadata: job?.metadata,
            error: error,
            files: files.map(Formatting.location),
            timeline: entries.sorted { $0.time < $1.time }
        )
    }

    private var state: String {
        if let record { return record.status?.name ?? record.phase.name }
        return event?.status ?? "enqueued, not accepted yet"
    }

    private var error: String? {
        if let error = record?.error { return "\(error.code.name): \(error.message)" }
        return event?.error.map { "\($0.code): \($0.message)" }
    }

    private var files: [String] {
        if let record, !record.files.isEmpty { return record.files.map(\.location) }
        return event?.files.map(\.location) ?? []
    }
}
