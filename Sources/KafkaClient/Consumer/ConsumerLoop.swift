import CRDKafka
import Logging
import Primitives

/// The loop and the state of a ``KafkaConsumer``'s thread: no other thread uses them. librdkafka's callbacks run inside the
/// thread's own polls. It calls the ``KafkaConsumerHandler``.
///
/// Records are polled one by one and gathered here, although librdkafka can fill an array in one call: up to 2.1 that
/// call loses records of partitions that stay when a cooperative rebalance comes in the middle of it (the array is
/// purged, the position stays), and what it gathered before the callback would reach the application after it. One
/// by one costs some throughput, and the callback can use the gathered records.
final class ConsumerLoop {
    let consumer: KafkaConsumer
    let handler: any KafkaConsumerHandler
    let rebalanceTimeout: Duration
    /// Whether the group knows this member by a `group.instance.id`, and so keeps its place while it restarts.
    let isStatic: Bool

    let gathered = GatheredMessages()
    var topicNames = TopicNames()
    var assigned: Set<KafkaTopicPartition> = []
    var paused: Set<KafkaTopicPartition> = []
    /// How far each partition's delivery has come.
    var progress = DeliveryProgress()
    /// Whether the consumer has subscribed, and whether the group has answered with an assignment since.
    var hasSubscribed = false
    var hasBeenAssigned = false
    /// The id under which this member holds its partitions; empty when the group had excluded it at the last assignment.
    var memberID = ""
    /// Whether librdkafka has been asked to end the membership, and whether a rebalance has been answered since.
    var isTerminating = false
    var hasAnsweredTermination = false
    /// Partitions that were paused when they were taken away; librdkafka keeps its mark on them.
    var pausedWhenRevoked: Set<KafkaTopicPartition> = []

    /// How long one poll waits for records, and so how often the thread shows a sign of life.
    static let pollInterval: Duration = .milliseconds(100)

    init(
        _ consumer: KafkaConsumer,
        _ handler: any KafkaConsumerHandler,
        rebalanceTimeout: Duration,
        isStatic: Bool
    ) {
        self.consumer = consumer
        self.handler = handler
        self.rebalanceTimeout = rebalanceTimeout
        self.isStatic = isStatic
    }

    /// Never `nil` once the thread has started.
    var handle: ClientHandle? { consumer.handle }
    var logger: Logger { consumer.logger }

    func run() {
        guard let handle else { return }
        while consumer.condition.withLock({ consumer.phase == .open }) {
            runCommands()
            poll(handle)
            handler.consumerPolled(consumer)
        }
        finish(handle)
    }

    func runCommands() {
        let waiting = consumer.condition.withLock {
            defer { consumer.commands.removeAll() }
            return consumer.commands
        }
        for command in waiting { command.run(self) }
    }

    func poll(_ handle: ClientHandle) {
        let client = handle.pointer
        let gathered = gathered
        // Wait for the first record only; then take what is there.
        var timeout = gathered.isEmpty ? Self.pollInterval.milliseconds : 0
        while !gathered.isFull {
            guard let message = rd_kafka_consumer_poll(client, timeout) else { break }
            if message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR {
                gathered.append(message)
            } else {
                deliverGathered()
                report(message)
                rd_kafka_message_destroy(message)
            }
            timeout = 0
        }
        deliverGathered()
    }

    func deliverGathered() {
        guard !gathered.isEmpty, let handle else { return }
        dropRepeated(handle)
        guard !gathered.isEmpty else { return }
        let batch = KafkaRecordBatch(gathered.take(), client: handle, names: &topicNames)
        handler.consumer(consumer, received: batch)
    }

    /// Drops records below a partition's position, and seeks the partition to that position.
    ///
    /// A partition without a committed offset asks a broker where it begins. When the application seeks meanwhile,
    /// librdkafka up to its present version drops the answer, asks again half a second later, and begins where the
    /// second answer says: the seek is lost, and delivered records arrive again.
    private func dropRepeated(_ handle: ClientHandle) {
        var topic: OpaquePointer?
        var partition: Int32 = -1
        gathered.destroy { message in
            if message.pointee.rkt != topic || message.pointee.partition != partition {
                (topic, partition) = (message.pointee.rkt, message.pointee.partition)
                let entered = KafkaTopicPartition(topic: topicNames.name(of: topic), partition: partition)
                progress.enter(entered, at: message.pointee.offset)
            }
            return !progress.accepts(message.pointee.offset)
        }
        for (partition, offset) in progress.finish() {
            seek([KafkaTopicPartitionOffset(partition, offset: offset)], handle)
            logger.debug(
                "Kafka partition delivered old records again, seeking to its position",
                metadata: [
                    "kafka.topic": .string(partition.topic),
                    "kafka.partition": .stringConvertible(partition.partition),
                    "kafka.offset": .stringConvertible(offset),
                ]
            )
        }
    }

    /// Lets librdkafka fetch partitions that were resumed: up to its present version it notices them when its thread for the broker
    /// wakes for another reason, up to a second later. A seek to the partition's position wakes that thread.
    func wakeFetcher(of partitions: [KafkaTopicPartition]) {
        guard let handle else { return }
        let positions = partitions.compactMap { partition in
            progress.position(of: partition).map { KafkaTopicPartitionOffset(partition, offset: $0) }
        }
        guard !positions.isEmpty else { return }
        seek(positions, handle)
    }

    /// Does not wait: from here on nothing older reaches this thread.
    private func seek(_ positions: [KafkaTopicPartitionOffset], _ handle: ClientHandle) {
        let list = TopicPartitionList(positions)
        if let error = rd_kafka_seek_partitions(handle.pointer, list.pointer, 0) { rd_kafka_error_destroy(error) }
    }

    private func report(_ message: NativeMessage) {
        let topic = topicNames.name(of: message.pointee.rkt)
        let partition = KafkaTopicPartition(topic: topic, partition: message.pointee.partition)
        if message.pointee.err == RD_KAFKA_RESP_ERR__PARTITION_EOF {
            handler.consumer(
                consumer,
                reachedEndOf: KafkaTopicPartitionOffset(partition, offset: message.pointee.offset)
            )
            return
        }
        let text = rd_kafka_message_errstr(message).map { String(cString: $0) }
        var error = KafkaError(message.pointee.err, operation: "consume", message: text)
        // The record's own code says only that there was a fatal error, and without one the client continues.
        if let fatal = handle?.fatalError { error = fatal } else { error.fault = error.code.faultWhileAlive }
        if !topic.isEmpty { error.topic = topic }
        if partition.partition >= 0 { error.partition = partition.partition }
        clientFailed(error)
    }
}

extension ConsumerLoop: ClientEvents {
    func clientFailed(_ error: KafkaError) {
        logger.warning("Kafka consumer error", metadata: error.logMetadata)
        handler.consumer(consumer, failed: error)
    }
}
