import CRDKafka

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
/// A client uses the metadata that it has: it reads the metadata again once before a partition counts as unknown, because
/// the partition may have been added since.
func queryWatermarks(
    _ client: OpaquePointer,
    _ partition: KafkaTopicPartition,
    _ timeout: Duration
) throws(KafkaError) -> KafkaWatermarks {
    var (low, high): (Int64, Int64) = (0, 0)
    func query() -> rd_kafka_resp_err_t {
        rd_kafka_query_watermark_offsets(
            client,
            partition.topic,
            partition.partition,
            &low,
            &high,
            timeout.milliseconds
        )
    }
    var code = query()
    if code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION {
        refreshMetadata(client, partition.topic, timeout)
        code = query()
    }
    try KafkaError.check(code, "read watermarks", topicPartition: partition)
    return KafkaWatermarks(low: low, high: high)
}

private func refreshMetadata(_ client: OpaquePointer, _ name: String, _ timeout: Duration) {
    guard let topic = rd_kafka_topic_new(client, name, nil) else { return }
    defer { rd_kafka_topic_destroy(topic) }
    var metadata: UnsafePointer<rd_kafka_metadata>?
    _ = rd_kafka_metadata(client, 0, topic, &metadata, timeout.milliseconds)
    if let metadata { rd_kafka_metadata_destroy(metadata) }
}
