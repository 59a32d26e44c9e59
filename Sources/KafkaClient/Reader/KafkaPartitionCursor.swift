import CRDKafka
import Foundation
import Synchronization

/// A place in one or several partitions from which records are pulled. Made by ``KafkaPartitionReader/open(_:)``.
///
/// librdkafka fetches ahead within its `queued.max.messages.kbytes` and stops there until the next pull.
///
/// Sound to share: `reading` guards the native queue and what goes with it, `state` the positions.
public final class KafkaPartitionCursor: @unchecked Sendable {
    private struct State {
        var positions: [KafkaTopicPartition: Int64] = [:]
        var ends: [KafkaTopicPartition: Int64] = [:]
    }

    private let handle: ClientHandle
    private let calls: BlockingCalls
    private let state = Mutex(State())

    private let reading = NSLock()
    private var queue: OpaquePointer?
    private var topics: [String: OpaquePointer] = [:]
    private var started: [KafkaTopicPartition] = []
    private var names = TopicNames()
    /// An error that came behind records; thrown by the next pull.
    private var pending: KafkaError?

    init(
        _ starts: [KafkaTopicPartition: KafkaStartOffset],
        handle: ClientHandle,
        calls: BlockingCalls
    ) throws(KafkaError) {
        self.handle = handle
        self.calls = calls
        queue = rd_kafka_queue_new(handle.pointer)
        for (partition, start) in starts {
            do throws(KafkaError) {
                try begin(partition, start)
            } catch {
                stop()
                throw error
            }
        }
    }

    private func begin(_ partition: KafkaTopicPartition, _ start: KafkaStartOffset) throws(KafkaError) {
        let topic = topics[partition.topic] ?? rd_kafka_topic_new(handle.pointer, partition.topic, nil)
        topics[partition.topic] = topic
        guard let topic,
            rd_kafka_consume_start_queue(topic, partition.partition, start.native, queue) == 0
        else {
            throw KafkaError(rd_kafka_last_error(), operation: "open partition", topicPartition: partition)
        }
        started.append(partition)
        if case .offset(let offset) = start { state.withLock { $0.positions[partition] = offset } }
    }

    /// The offset of the next record that a pull may return; `nil` before anything is known of where the partition
    /// begins. It also moves over offsets without a record.
    public func position(of partition: KafkaTopicPartition) -> Int64? {
        state.withLock { $0.positions[partition] }
    }

    /// All positions that are known.
    public var positions: [KafkaTopicPartition: Int64] { state.withLock { $0.positions } }

    /// Whether everything that the partition held when it was last fetched has been pulled. New records make it false
    /// again once they have been pulled.
    public func isAtEnd(of partition: KafkaTopicPartition) -> Bool {
        state.withLock { state in
            guard let end = state.ends[partition] else { return false }
            return end == state.positions[partition]
        }
    }

    /// The next records, or `nil` when none came in time or a partition's end was reached first: the positions show
    /// which. Calls are served one after the other.
    /// - Parameters:
    ///   - maxCount: the most records to return.
    ///   - wait: how long to wait for the first one.
    /// - Throws: ``KafkaError`` when the partition cannot be read, ``KafkaFault/closed`` when the cursor was closed.
    public func next(
        maxCount: Int = 1000,
        waiting wait: Duration = .milliseconds(500)
    ) async throws(KafkaError) -> KafkaRecordBatch? {
        try await calls.run("read partition") { [self] () throws(KafkaError) in try pull(max(maxCount, 1), wait) }
    }

    private func pull(_ maxCount: Int, _ wait: Duration) throws(KafkaError) -> KafkaRecordBatch? {
        reading.lock()
        defer { reading.unlock() }
        guard let queue else { throw .closed("read partition") }
        if let error = pending {
            pending = nil
            throw error
        }
        rd_kafka_poll(handle.pointer, 0)
        // Filling an array is safe here: nothing is paused, sought or rebalanced while the cursor reads.
        let buffer = UnsafeMutableBufferPointer<NativeMessage?>.allocate(capacity: maxCount)
        buffer.initialize(repeating: nil)
        defer { buffer.deallocate() }
        var count = rd_kafka_consume_batch_queue(queue, wait.milliseconds, buffer.baseAddress, 1)
        if count == 1, maxCount > 1, let rest = buffer.baseAddress?.advanced(by: 1) {
            count += max(rd_kafka_consume_batch_queue(queue, 0, rest, maxCount - 1), 0)
        }
        var records: [NativeMessage] = []
        records.reserveCapacity(max(count, 0))
        for case let message? in buffer.prefix(max(count, 0)) {
            if message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR {
                records.append(message)
            } else {
                note(message)
                rd_kafka_message_destroy(message)
            }
        }
        return try finish(records)
    }

    private func finish(_ records: [NativeMessage]) throws(KafkaError) -> KafkaRecordBatch? {
        guard !records.isEmpty else {
            guard let error = pending else { return nil }
            pending = nil
            throw error
        }
        let messages = UnsafeMutableBufferPointer<NativeMessage>.allocate(capacity: records.count)
        _ = messages.initialize(from: records)
        let batch = KafkaRecordBatch(messages, client: handle, names: &names)
        state.withLock { state in
            for run in batch.runs {
                let next = batch[run.range.upperBound - 1].offset + 1
                state.positions[run.topicPartition] = max(state.positions[run.topicPartition] ?? 0, next)
            }
        }
        return batch
    }

    /// Notes an end of partition or an error.
    private func note(_ message: NativeMessage) {
        let partition = KafkaTopicPartition(
            topic: names.name(of: message.pointee.rkt),
            partition: message.pointee.partition
        )
        if message.pointee.err == RD_KAFKA_RESP_ERR__PARTITION_EOF {
            let end = message.pointee.offset
            state.withLock { state in
                state.positions[partition] = max(state.positions[partition] ?? 0, end)
                state.ends[partition] = end
            }
        } else {
            let text = rd_kafka_message_errstr(message).map { String(cString: $0) }
            pending = KafkaError(
                message.pointee.err,
                operation: "read partition",
                topicPartition: partition,
                message: text
            )
        }
    }

    /// Ends reading. Blocks until librdkafka's readers have stopped.
    func stop() {
        reading.lock()
        defer { reading.unlock() }
        for partition in started {
            if let topic = topics[partition.topic] { rd_kafka_consume_stop(topic, partition.partition) }
        }
        started = []
        if let queue { rd_kafka_queue_destroy(queue) }
        queue = nil
        for topic in topics.values { rd_kafka_topic_destroy(topic) }
        topics = [:]
        names = TopicNames()
    }
}
