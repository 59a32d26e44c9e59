import CRDKafka
import Foundation
import Logging

// The consumer's thread.
//
// Records are polled one by one and gathered here, although librdkafka can fill an array in one call: up to 2.1 that
// call loses records of partitions that stay when a cooperative rebalance comes in the middle of it (the array is
// purged, the position stays), and what it gathered before the callback would reach the application after it. One
// by one costs some throughput and leaves the gathered records where the callback can get at them.

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

    func runCommands() {
        let waiting = condition.withLock {
            defer { commands.removeAll() }
            return commands
        }
        for command in waiting { command.run(self) }
    }

    func poll(_ handle: ClientHandle) {
        let client = handle.pointer
        let gathered = gathered
        // Wait for the first record only; then take what is there.
        var timeout = gathered.isEmpty ? options.pollInterval.milliseconds : 0
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
        handler.consumer(self, received: batch)
    }

    /// Lets go of records before the place to which a partition has come, and has it read on from there.
    ///
    /// A partition without a committed offset asks a broker where it begins. When it is sought to another place
    /// meanwhile, librdkafka up to its present version takes the answer for one that has to be asked for again, half
    /// a second later, and then begins anew where it says: the seek is lost, and what was delivered comes once more.
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
            let list = TopicPartitionList([KafkaTopicPartitionOffset(partition, offset: offset)])
            // Not waited for: from here on nothing older reaches this thread.
            if let error = rd_kafka_seek_partitions(handle.pointer, list.pointer, 0) { rd_kafka_error_destroy(error) }
            logger.debug(
                "Kafka partition began again; reading on",
                metadata: [
                    "kafka.topic": .string(partition.topic),
                    "kafka.partition": .stringConvertible(partition.partition),
                    "kafka.offset": .stringConvertible(offset),
                ]
            )
        }
    }

    private func report(_ message: NativeMessage) {
        let topic = topicNames.name(of: message.pointee.rkt)
        let partition = KafkaTopicPartition(topic: topic, partition: message.pointee.partition)
        if message.pointee.err == RD_KAFKA_RESP_ERR__PARTITION_EOF {
            handler.consumer(
                self,
                reachedEndOf: KafkaTopicPartitionOffset(partition, offset: message.pointee.offset)
            )
            return
        }
        let text = rd_kafka_message_errstr(message).map { String(cString: $0) }
        var error = KafkaError(message.pointee.err, operation: "consume", message: text)
        // The record's own code says only that there was a fatal error.
        if let fatal = handle?.fatalError { error = fatal }
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
