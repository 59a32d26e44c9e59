import ExportCore
import ExportRecords
import KafkaClient
import WorkerKafka

/// Looks for jobs where a cancel command for them takes effect: in the partition that their id belongs to.
struct JobLookup {
    let access: KafkaAccess

    /// The ids that neither the jobs topic nor the state topic contains.
    ///
    /// - Parameters:
    ///   - ids: the jobs' ids.
    ///   - batch: the id of the jobs' batch, which is the key of their records.
    func unknown(_ ids: [String], batch: String? = nil) async throws -> [String] {
        let topic = access.topics.jobs
        let count = try await access.withAdmin { admin in
            Int32(clamping: try await access.topic(topic, admin).partitions.count)
        }
        var missing = Set(ids)
        let partitions = Set(ids.map { murmur2Partition(key: Array((batch ?? $0).utf8), partitionCount: count) })
        let codec = StateCodec()
        try await access.scan(access.topics.state, only: partitions) { record in
            guard let state = try? codec.decode(key: record.key, value: record.value) else { return .continue }
            switch state {
            case .job(let job): missing.remove(job.job.id)
            case .forgotten(let id) where ids.contains(id): missing.insert(id)
            case .forgotten, .batch, .batchForgotten, .pauses, .position, .origin: break
            }
            return .continue
        }
        guard !missing.isEmpty else { return [] }
        // Jobs that no worker has read yet.
        try await access.scan(topic, only: partitions) { record in
            if case .export(let job) = JobDecoder().decode(OriginalRecord(record), offset: record.offset).content {
                missing.remove(job.id)
            }
            return missing.isEmpty ? .stop : .continue
        }
        return ids.filter(missing.contains)
    }
}
