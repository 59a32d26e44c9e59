/// Receives the records, rebalances and errors of a ``KafkaConsumer``.
///
/// All methods are called on the consumer's own thread, one at a time. While one of them runs nothing is polled:
/// the group excludes the member after `max.poll.interval.ms`. Pass the work on and return.
public protocol KafkaConsumerHandler: Sendable {
    /// Records of partitions that are assigned and not paused.
    func consumer(_ consumer: KafkaConsumer, received batch: KafkaRecordBatch)

    /// The group assigns or revokes partitions. Keep the request and complete it when the work for it is done.
    func consumer(_ consumer: KafkaConsumer, rebalances request: KafkaRebalanceRequest)

    /// The last request was not completed in time, so the consumer continued: partitions of an assignment begin paused,
    /// those of a revocation are lost.
    func consumer(_ consumer: KafkaConsumer, gaveUpWaitingFor request: KafkaRebalanceRequest)

    /// The client has failed at something that no call waits for. librdkafka continues, unless the fault is
    /// ``KafkaFault/fatal`` or ``KafkaFault/fenced``; after ``KafkaFault/configuration`` it succeeds once the cause is
    /// corrected.
    func consumer(_ consumer: KafkaConsumer, failed error: KafkaError)

    /// The partition has no more records for now; the next one will get this offset.
    func consumer(_ consumer: KafkaConsumer, reachedEndOf partition: KafkaTopicPartitionOffset)

    /// The consumer's thread has completed a turn of its loop: a sign of life, several times a second, for a liveness check.
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
    public func consumerPolled(_ consumer: KafkaConsumer) {}
}
