import ExportCore
import ExportRecords
import KafkaClient
import WorkerKafka

/// Looks for the end of a batch in the state topic.
struct BatchLookup {
    let access: KafkaAccess

    /// Whether the event of a batch is published, and the batch is not forgotten.
    func isAnnounced(_ id: String) async throws -> Bool {
        let count = try await access.withAdmin { admin in
            Int32(clamping: try await access.topic(access.topics.jobs, admin).partitions.count)
        }
        let partition = murmur2Partition(key: Array(id.utf8), partitionCount: count)
        let codec = StateCodec()
        var isAnnounced = false
        try await access.scan(access.topics.state, only: [partition]) { record in
            guard let state = try? codec.decode(key: record.key, value: record.value) else { return .continue }
            switch state {
            case .batch(let batch) where batch.batch.id == id: isAnnounced = batch.published != nil
            case .batchForgotten(let forgotten) where forgotten == id: isAnnounced = false
            default: break
            }
            return .continue
        }
        return isAnnounced
    }
}
