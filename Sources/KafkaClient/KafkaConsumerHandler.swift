/// Receives what a ``KafkaConsumer`` brings.
///
/// All methods are called on the consumer's own thread, one at a time. While one of them runs nothing is polled:
/// that is back-pressure for a moment, and an exclusion from the group after `max.poll.interval.ms`. Hand work on and
/// return.
public protocol KafkaConsumerHandler: Sendable {
    /// Records of partitions that are assigned and not paused.
    func consumer(_ consumer: KafkaConsumer, received batch: KafkaRecordBatch)

    /// The group gives or takes partitions. Keep the request and complete it when the work for it is done.
    func consumer(_ consumer: KafkaConsumer, rebalances request: KafkaRebalanceRequest)

    /// The last request was not completed in time, so the consumer went on without: partitions of an assignment begin
    /// paused, those of a revocation are gone.
    func consumer(_ consumer: KafkaConsumer, gaveUpWaitingFor request: KafkaRebalanceRequest)

    /// Something went wrong. librdkafka goes on by itself unless the fault is ``KafkaFault/fatal`` or
    /// ``KafkaFault/configuration``.
    func consumer(_ consumer: KafkaConsumer, failed error: KafkaError)

    /// The partition has no more records for now; the next one will get this offset.
    func consumer(_ consumer: KafkaConsumer, reachedEndOf partition: KafkaTopicPartitionOffset)

    /// Statistics, when `statistics.interval.ms` is set.
    func consumer(_ consumer: KafkaConsumer, measured statistics: KafkaStatistics)

    /// The consumer's thread has gone round its loop once more: a sign of life. Called at least every
    /// ``KafkaConsumer/Options/pollInterval``.
    func consumerPolled(_ consumer: KafkaConsumer)
}

extension KafkaConsumerHandler {
    /// Does nothing.
    public func consumer(_ consumer: KafkaConsumer, gaveUpWaitingFor request: KafkaRebalanceRequest) {}
    /// Does nothing: the error has been logged.
    public func consumer(_ consumer: KafkaConsumer, failed error: KafkaError) {}
    /// Does nothing.
    public func consumer(_ consumer: KafkaConsumer, reachedEndOf partition: KafkaTopicPartitionOffset) {}
    /// Does nothing.
    public func consumer(_ consumer: KafkaConsumer, measured statistics: KafkaStatistics) {}
    /// Does nothing.
    public func consumerPolled(_ consumer: KafkaConsumer) {}
}
