import CRDKafka
import Foundation

/// How far a partition reaches.
public struct KafkaWatermarks: Sendable, Hashable {
    /// The oldest offset that the partition still holds.
    public var low: Int64
    /// The offset that the next record will get.
    public var high: Int64

    /// Names the two ends.
    public init(low: Int64, high: Int64) {
        self.low = low
        self.high = high
    }
}

/// Asks the broker for the ends of a partition; blocks.
///
/// Asks again until the time-out when the answer is transient: while a broker is unavailable, another one takes over its
/// partitions. A client uses the metadata that it has, so it reads the metadata again once before a partition counts as
/// unknown, because the partition may have been added since.
func queryWatermarks(
    _ client: OpaquePointer,
    _ partition: KafkaTopicPartition,
    _ timeout: Duration
) throws(KafkaError) -> KafkaWatermarks {
    let deadline = ContinuousClock.now + timeout
    var (low, high): (Int64, Int64) = (0, 0)
    var hasRefreshed = false
    while true {
        let code = rd_kafka_query_watermark_offsets(
            client,
            partition.topic,
            partition.partition,
            &low,
            &high,
            max(deadline - .now, .milliseconds(1)).milliseconds
        )
        if code == RD_KAFKA_RESP_ERR_NO_ERROR { return KafkaWatermarks(low: low, high: high) }
        let isUnknown = code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION && !hasRefreshed
        let error = KafkaError(code, operation: "read watermarks", topicPartition: partition)
        guard isUnknown || error.fault == .retry, ContinuousClock.now < deadline else { throw error }
        if isUnknown {
            hasRefreshed = true
            refreshMetadata(client, partition.topic, max(deadline - .now, .milliseconds(1)))
        } else {
            // Blocks a thread made for such calls only.
            Thread.sleep(forTimeInterval: 0.1)
        }
    }
}

private func refreshMetadata(_ client: OpaquePointer, _ name: String, _ timeout: Duration) {
    guard let topic = rd_kafka_topic_new(client, name, nil) else { return }
    defer { rd_kafka_topic_destroy(topic) }
    var metadata: UnsafePointer<rd_kafka_metadata>?
    _ = rd_kafka_metadata(client, 0, topic, &metadata, timeout.milliseconds)
    if let metadata { rd_kafka_metadata_destroy(metadata) }
}
