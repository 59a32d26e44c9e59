/// A record that was produced and did not reach its partition.
public struct KafkaDeliveryFailure: Sendable {
    /// Where it was to go. The partition is -1 when none had been chosen yet.
    public var topicPartition: KafkaTopicPartition
    /// What the caller had marked the record with (``KafkaProducerRecord/tag``).
    public var tag: UInt
    /// Why.
    public var error: KafkaError
}
