import ExportCore
import ExportRecords
import KafkaClient
import WorkerKafka

/// What is known of one job.
struct JobTimeline: Encodable {
    /// Something that happened to it.
    struct Moment: Encodable {
        var time: String
        var what: String
    }

    var jobID: String
    /// Where it stands: a phase, or the status it ended with.
    var state: String
    var kind: String?
    var filter: String?
    var fileFormat: String?
    var account: String?
    var attempt: Int?
    var requestID: String?
    var deadline: String?
    var error: String?
    /// Where the files are; without a signature.
    var files: [String]
    var timeline: [Moment]

    static func read(_ id: String, _ access: KafkaAccess) async throws -> JobTimeline? {
        var gathering = Gathering(id: id)
        try await access.scan(access.topics.jobs) { record in
            gathering.takeJob(record)
            return .goOn
        }
        try await access.scan(access.topics.state) { record in
            gathering.takeState(record)
            return .goOn
        }
        try await access.scan(access.topics.results) { record in
            gathering.takeEvent(record)
            return .goOn
        }
        return gathering.timeline
    }

    var text: String {
        let fields: [(String, String?)] = [
            ("job", jobID), ("state", state), ("kind", kind), ("filter", filter), ("format", fileFormat),
            ("account", account), ("attempt", attempt.map(String.init)), ("request", requestID),
            ("deadline", deadline), ("error", error),
        ]
        var lines = fields.compactMap { name, value in
            value.map { name.padding(to: 9) + TextTable.printable($0) }
        }
        lines += files.map { "file     " + TextTable.printable($0) }
        lines.append("")
        lines += timeline.map { "\($0.time)  \(TextTable.printable($0.what))" }
        return lines.joined(separator: "\n")
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}

/// Gathers a job's records.
private struct Gathering {
    let id: String
    private let key: [UInt8]
    private var moments: [JobTimeline.Moment] = []
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
        guard let time, !moments.contains(where: { $0.time == time && $0.what == what }) else { return }
        moments.append(JobTimeline.Moment(time: time, what: what))
    }

    private func isOurs(_ record: KafkaRecord) -> Bool {
        record.withKey { found in found?.elementsEqual(key) ?? false }
    }

    mutating func takeJob(_ record: KafkaRecord) {
        guard isOurs(record) else { return }
        isKnown = true
        let place = "\(record.topic)[\(record.partition)] offset \(record.offset)"
        let headers = record.headers.map { OriginalRecord.Header(name: $0.name, value: $0.value) }
        let original = OriginalRecord(key: record.key, value: record.value, headers: headers)
        switch JobDecoder().decode(original, offset: record.offset).content {
        case .export: add(record.timestamp, "enqueued: \(place)")
        case .cancel: add(record.timestamp, "cancel command: \(place)")
        case .unreadable(_, let reason, _, _): add(record.timestamp, "enqueued, not valid (\(reason)): \(place)")
        }
    }

    mutating func takeState(_ record: KafkaRecord) {
        guard isOurs(record), let state = try? StateCodec().decode(key: record.key, value: record.value) else { return }
        isKnown = true
        switch state {
        case .job(let job):
            self.record = job
            add(job.times.accepted.milliseconds, "accepted")
            if job.phase == .submitting { add(record.timestamp, "submitting, attempt \(job.attempt)") }
            add(job.times.submitted?.milliseconds, "submitted as \(job.requestID ?? "?"), attempt \(job.attempt)")
            add(job.times.ready?.milliseconds, "ready at the service")
            if job.phase == .finished { add(job.times.finished?.milliseconds, "finished: \(job.status?.name ?? "?")") }
        case .forgotten: add(record.timestamp, "forgotten: the id may be used for another job")
        case .position: break
        }
    }

    mutating func takeEvent(_ record: KafkaRecord) {
        guard isOurs(record), let event = try? EventDecoder().decode(value: record.value) else { return }
        isKnown = true
        self.event = event
        let place = "\(record.topic)[\(record.partition)] offset \(record.offset)"
        add(record.timestamp, "event \(event.status): \(place)")
    }

    var timeline: JobTimeline? {
        guard isKnown else { return nil }
        let job = record?.job
        return JobTimeline(
            jobID: id,
            state: state,
            kind: job?.kind.name ?? event?.kind,
            filter: job?.filter ?? event?.filter,
            fileFormat: job?.fileFormat.name ?? event?.fileFormat,
            account: job?.account ?? event?.account,
            attempt: record?.attempt ?? event?.attempts,
            requestID: record?.requestID ?? event?.requestId,
            deadline: job?.deadline?.rfc3339,
            error: error,
            files: files.map(Readable.location),
            timeline: moments.sorted { $0.time < $1.time }
        )
    }

    private var state: String {
        if let record { return record.status?.name ?? record.phase.name }
        return event?.status ?? "enqueued, not taken yet"
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
