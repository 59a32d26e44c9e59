import CRDKafka
import Foundation
import Logging

// The consumer's thread.
//
// Records are polled one by one and gathered here, although librdkafka can fill an array in one call: up to 2.1 that
// call loses records of partitions that stay when a cooperative rebalance comes in the middle of it (the array is
// purged, the position stays), and what it gathered before the callback would reach the application after it. One
// by one costs a sixth of the throughput and leaves the gathered records where the callback can get at them.

extension KafkaConsumer: ClientEvents {
    func run() {
        guard let handle else { return }
        while condition.withLock({ phase == .open }) {
            runCommands()
            poll(handle)
            handler.consumerPolled(self)
        }
        finish(handle)
    }

    private func runCommands() {
        let waiting = condition.withLock {
            defer { commands.removeAll() }
            return commands
        }
        for command in waiting { command.run(self) }
    }

    private func poll(_ handle: ClientHandle) {
        while gathered.count < options.maxBatchCount {
            // Wait for the first record only; then take what is there.
            let timeout = gathered.isEmpty ? options.pollInterval.milliseconds : 0
            guard let message = rd_kafka_consumer_poll(handle.pointer, timeout) else { break }
            if message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR {
                gathered.append(message)
            } else {
                deliverGathered()
                report(message)
                rd_kafka_message_destroy(message)
            }
        }
        deliverGathered()
    }

    func deliverGathered() {
        guard !gathered.isEmpty, let handle else { return }
        let batch = gathered.withUnsafeBufferPointer {
            KafkaRecordBatch($0, client: handle, names: &topicNames)
        }
        gathered.removeAll(keepingCapacity: true)
        handler.consumer(self, received: batch)
    }

    private func report(_ message: NativeMessage) {
        let topic = topicNames.name(of: message.pointee.rkt)
        let partition = KafkaTopicPartition(topic: topic, partition: message.pointee.partition)
        if message.pointee.err == RD_KAFKA_RESP_ERR__PARTITION_EOF {
            handler.consumer(
                self, reachedEndOf: KafkaTopicPartitionOffset(partition, offset: message.pointee.offset))
            return
        }
        let text = rd_kafka_message_errstr(message).map { String(cString: $0) }
        var error = KafkaError(message.pointee.err, operation: "consume", message: text)
        if !topic.isEmpty { error.topic = topic }
        if partition.partition >= 0 { error.partition = partition.partition }
        clientFailed(error)
    }

    func clientFailed(_ error: KafkaError) {
        logger.warning("Kafka consumer error", metadata: error.logMetadata)
        handler.consumer(self, failed: error)
    }

    func statisticsArrived(_ statistics: KafkaStatistics) {
        handler.consumer(self, measured: statistics)
    }

    /// Leaves the group, refuses what is still waiting, and destroys the client.
    private func finish(_ handle: ClientHandle) {
        runCommands()
        let code = rd_kafka_consumer_close(handle.pointer)
        if code != RD_KAFKA_RESP_ERR_NO_ERROR {
            clientFailed(KafkaError(code, operation: "leave consumer group"))
        }
        discardGathered { _ in true }
        let (refused, ownQueue) = condition.withLock {
            phase = .closed
            defer {
                commands.removeAll()
                queue = nil
            }
            return (commands, queue)
        }
        for command in refused { command.refuse() }
        blockingCalls.close()
        if let ownQueue { rd_kafka_queue_destroy(ownQueue) }
        if !handle.destroy(waitingUpTo: options.closeTimeout) {
            logger.error("Kafka consumer not destroyed: record batches are still held")
        }
        let waiters = condition.withLock {
            defer { closeWaiters.removeAll() }
            return closeWaiters
        }
        for waiter in waiters { waiter() }
    }

    func discardGathered(where isGone: (NativeMessage) -> Bool) {
        gathered.removeAll { message in
            guard isGone(message) else { return false }
            rd_kafka_message_destroy(message)
            return true
        }
    }
}

extension KafkaError {
    /// The error's parts, for a log message that is a constant string.
    var logMetadata: Logger.Metadata {
        var metadata: Logger.Metadata = [
            "kafka.error": .string(code.name),
            "kafka.fault": .string(fault.rawValue),
            "kafka.message": .string(message),
            "kafka.operation": .string(operation),
        ]
        if let topic { metadata["kafka.topic"] = .string(topic) }
        if let partition { metadata["kafka.partition"] = .stringConvertible(partition) }
        return metadata
    }
}
