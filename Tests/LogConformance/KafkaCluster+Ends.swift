import KafkaClient
import WorkerKafka

extension KafkaCluster {
    /// Where a partition of the state topic ends.
    func end(ofState partition: Int32) async throws -> Int64 {
        let admin = try KafkaAdmin(configuration: kafka, logger: logger)
        let end = try await admin.watermarks(KafkaTopicPartition(topic: topics.state, partition: partition)).high
        await admin.close()
        return end
    }
}
