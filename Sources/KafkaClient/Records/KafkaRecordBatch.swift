import CRDKafka

typealias NativeMessage = UnsafeMutablePointer<rd_kafka_message_t>

/// Records from the brokers, of one or several partitions, without a copy. Consumers and readers deliver them.
///
/// The batch owns librdkafka's messages and frees them with the last reference to it or to one of its records. A client
/// cannot be destroyed before that, so copy what you keep and release batches.
///
/// Sound to share: the messages are not changed after the batch is made, and only `deinit` frees them. The exception
/// is librdkafka's lazy parsing of headers, which ``KafkaRecord/headers`` guards with a lock.
public final class KafkaRecordBatch: @unchecked Sendable {
    /// Consecutive records of one partition, in the order of their offsets.
    public struct Run: Sendable, Hashable {
        /// The partition.
        public let topicPartition: KafkaTopicPartition
        /// The records' places in the batch.
        public let range: Range<Int>
    }

    /// The batch, partition by partition. A partition may appear in more than one run, in order.
    public let runs: [Run]
    let messages: UnsafeMutableBufferPointer<NativeMessage>
    private let client: ClientHandle

    /// Takes over the messages and the memory that holds them. None of them may be an error.
    init(_ messages: UnsafeMutableBufferPointer<NativeMessage>, client: ClientHandle, names: inout TopicNames) {
        self.messages = messages
        runs = Self.runs(of: messages, names: &names)
        self.client = client
        client.batchMade()
    }

    deinit {
        for message in messages { rd_kafka_message_destroy(message) }
        messages.deallocate()
        client.batchDestroyed()
    }

    private static func runs(
        of messages: UnsafeMutableBufferPointer<NativeMessage>,
        names: inout TopicNames
    ) -> [Run] {
        var runs: [Run] = []
        var start = 0
        while start < messages.count {
            let topic = messages[start].pointee.rkt
            let partition = messages[start].pointee.partition
            var end = start + 1
            while end < messages.count, messages[end].pointee.rkt == topic,
                messages[end].pointee.partition == partition
            {
                end += 1
            }
            let name = names.name(of: topic)
            runs.append(Run(topicPartition: .init(topic: name, partition: partition), range: start..<end))
            start = end
        }
        return runs
    }
}

extension KafkaRecordBatch: RandomAccessCollection {
    /// 0.
    public var startIndex: Int { 0 }
    /// The number of records.
    public var endIndex: Int { messages.count }

    /// The record at this place.
    public subscript(position: Int) -> KafkaRecord {
        KafkaRecord(batch: self, message: messages[position])
    }

    /// The records of one run.
    public func records(of run: Run) -> Slice<KafkaRecordBatch> { self[run.range] }
}
