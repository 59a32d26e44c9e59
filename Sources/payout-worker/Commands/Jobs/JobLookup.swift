import ExportCore
import ExportRecords
import KafkaClient
import WorkerKafka

/// Looks for jobs where a cancel command for them takes effect: in the partition that their id belongs to.
struct JobLookup {
    /// Why a cancel command for a job has no effect.
    enum Absence: Equatable {
        /// No record has the id.
        case unknown
        /// A worker has refused its record, or will refuse it.
        case rejected(reason: String)
        /// It has ended.
        case finished(JobStatus)
        /// A worker has decided its record, and no longer remembers the job.
        case forgotten

        /// What an operator reads behind the job's id, without a full stop at the end.
        ///
        /// - Parameter batch: the batch in which the job was looked for.
        func text(inBatch batch: String? = nil) -> String {
            switch self {
            case .rejected(let reason): "was rejected: \(TextTable.printable(reason)). There is nothing to cancel"
            case .finished(let status): "has finished as \(status.name). There is nothing to cancel"
            case .forgotten: "has ended, and its deduplication window too. There is nothing to cancel"
            case .unknown:
                batch.map { "is unknown in the batch '\($0)': check both ids and the KAFKA_TOPICS_… variables" }
                    ?? "is unknown: it was never enqueued. Check the id and the KAFKA_TOPICS_… variables"
            }
        }
    }

    /// What was found out about jobs.
    struct Findings {
        /// The jobs for which a cancel command has no effect.
        var absent: [String: Absence] = [:]
        /// The batches of jobs, whose ids are the keys of their records.
        var batches: [String: String] = [:]
    }

    let access: KafkaAccess

    /// Looks for jobs, also for those of batches that no worker has read yet.
    ///
    /// - Parameters:
    ///   - ids: the jobs' ids.
    ///   - batch: the id of the jobs' batch, where it is known.
    func find(_ ids: [String], batch: String? = nil) async throws -> Findings {
        var found = Findings(absent: try await absent(ids, batch: batch))
        if let batch {
            for id in ids { found.batches[id] = batch }
            return found
        }
        let unknown = Set(found.absent.filter { $0.value == .unknown }.keys)
        for (batch, ids) in Dictionary(grouping: try await batches(of: unknown), by: \.value) {
            let stillAbsent = try await absent(ids.map(\.key), batch: batch)
            for (id, batch) in ids { (found.absent[id], found.batches[id]) = (stillAbsent[id], batch) }
        }
        return found
    }

    /// The batches that the newest records of jobs name, wherever in the jobs topic they are.
    private func batches(of ids: Set<String>) async throws -> [String: String] {
        guard !ids.isEmpty else { return [:] }
        var found: [String: String] = [:]
        try await access.scan(access.topics.jobs) { record in
            let content = JobDecoder().decode(OriginalRecord(record), offset: record.offset).content
            if case .export(let job) = content, let batch = job.batch, ids.contains(job.id) { found[job.id] = batch.id }
            return .continue
        }
        return found
    }

    /// The ids of which there is no job, and none will come from a record that no worker has decided yet.
    ///
    /// - Parameters:
    ///   - ids: the jobs' ids.
    ///   - batch: the id of the jobs' batch, which is the key of their records.
    func absent(_ ids: [String], batch: String? = nil) async throws -> [String: Absence] {
        let topic = access.topics.jobs
        let ends = try await access.withAdmin { admin in
            let count = Int32(clamping: try await access.topic(topic, admin).partitions.count)
            var ends: [Int32: Int64] = [:]
            for id in ids {
                let partition = murmur2Partition(key: Array((batch ?? id).utf8), partitionCount: count)
                ends[partition] = try await admin.watermarks(.init(topic: topic, partition: partition)).high
            }
            return ends
        }
        let partitions = Set(ends.keys)
        var search = JobSearch(ids, ends: ends)
        try await access.scan(access.topics.state, only: partitions) { record in
            search.addState(record)
            return .continue
        }
        guard !search.absent.isEmpty else { return [:] }
        try await access.scan(topic, only: partitions) { record in
            search.addJob(record)
            return search.absent.isEmpty ? .stop : .continue
        }
        guard search.hasDecided else { return search.absent }
        try await access.scan(access.topics.results) { record in
            search.addEvent(record)
            return .continue
        }
        return search.absent
    }
}

/// What the topics contain about some jobs.
private struct JobSearch {
    private(set) var absent: [String: JobLookup.Absence]
    /// The newest decided record of each job, by its id.
    private var decided: [String: RecordSource] = [:]
    private var states: [Int32: StateInspection] = [:]
    private let ids: Set<String>
    /// The ends of the jobs topic's partitions.
    private let ends: [Int32: Int64]

    init(_ ids: [String], ends: [Int32: Int64]) {
        self.ids = Set(ids)
        self.ends = ends
        absent = Dictionary(ids.map { ($0, .unknown) }, uniquingKeysWith: { $1 })
    }

    var hasDecided: Bool { !decided.isEmpty }

    mutating func addState(_ record: KafkaRecord) {
        guard let state = try? StateCodec().decode(key: record.key, value: record.value) else { return }
        switch state {
        case .job(let job):
            if ids.contains(job.job.id) { absent[job.job.id] = job.status.map { .finished($0) } }
            // A position instead of the job, which would need memory.
            let position = JobsPosition(generation: job.generation, offset: job.offset &+ 1)
            states[record.partition, default: StateInspection(partition: record.partition)].apply(.position(position))
        case .forgotten(let id): if ids.contains(id) { absent[id] = .forgotten }
        case .position, .origin:
            states[record.partition, default: StateInspection(partition: record.partition)].apply(state)
        case .batch, .batchForgotten, .pauses: break
        }
    }

    mutating func addJob(_ record: KafkaRecord) {
        switch JobDecoder().decode(OriginalRecord(record), offset: record.offset).content {
        case .export(let job) where absent[job.id] != nil:
            let position = states[record.partition]?.position.offset ?? 0
            // A position beyond the end is that of a topic that has been replaced.
            guard record.offset < position, position <= ends[record.partition] ?? 0 else {
                absent[job.id] = nil
                return
            }
            if case .finished = absent[job.id] { return }
            decided[job.id] = RecordSource(partition: record.partition, offset: record.offset)
            absent[job.id] = .forgotten
        case .unreadable(let id?, let reason, _, _) where absent[id] != nil: absent[id] = .rejected(reason: reason)
        case .export, .cancel, .unreadable, .pause, .resume: break
        }
    }

    mutating func addEvent(_ record: KafkaRecord) {
        guard let event = try? EventDecoder().decode(value: record.value), let error = event.error,
            event.status == JobStatus.rejected.name, let source = event.source,
            decided[event.jobId] == RecordSource(partition: source.partition, offset: source.offset)
        else { return }
        absent[event.jobId] = .rejected(reason: error.message)
    }
}
