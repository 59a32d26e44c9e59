public import ExportCore
public import ExportRecords
public import KafkaClient
import WorkerRuntime

// Records between Kafka's client and the worker, in both directions: the only place where one becomes the other.

// MARK: Inbound

extension OriginalRecord {
    /// A copy of a record's key, value and headers.
    public init(_ record: KafkaRecord) {
        self.init(key: record.key, value: record.value, headers: Self.headers(record))
    }

    fileprivate static func headers(_ record: KafkaRecord) -> [Header] {
        record.headers.map { Header(name: $0.name, value: $0.value) }
    }
}

extension LogRecord {
    /// A record of the state topic, which needs neither headers nor timestamp.
    init(ofState record: KafkaRecord) {
        self.init(offset: record.offset, OriginalRecord(key: record.key, value: record.value))
    }
}

/// What is copied of a record of the jobs topic: librdkafka has unpacked it already, and a few KB on the wire can be
/// hundreds of MB then. Larger parts are left out, and their sizes reported.
struct CopyBounds: Sendable {
    /// The largest value that is copied, in bytes.
    let valueBytes: Int

    /// - Parameter limits: what the topics take. A value that is too large for a job is copied where the dead-letter
    ///   topic takes it.
    init(_ limits: OutputLimits) {
        valueBytes = max(JobRecordBounds.valueBytes, min(limits.deadLetter, JobRecordBounds.deadLetterValueBytes))
    }

    func copy(_ record: KafkaRecord) -> LogRecord {
        let headerBytes = record.headerBytes
        var copy = OriginalRecord(key: nil, value: nil)
        if record.keyCount > JobRecordBounds.keyBytes {
            copy.omitted.key = record.keyCount
        } else {
            copy.key = record.key
        }
        if record.valueCount > valueBytes {
            copy.omitted.value = record.valueCount
        } else {
            copy.value = record.value
        }
        if headerBytes > JobRecordBounds.headerBytes {
            copy.omitted.headers = headerBytes
        } else if headerBytes > 0 {
            copy.headers = OriginalRecord.headers(record)
        }
        return LogRecord(offset: record.offset, timestamp: record.timestamp, copy)
    }
}

// MARK: Outbound

extension KafkaProducerRecord {
    /// A record for a topic. Its bytes are not copied.
    ///
    /// - Parameters:
    ///   - record: the record.
    ///   - topic: the topic's name.
    ///   - partition: the partition; `nil` lets the partitioner choose by the key.
    ///   - tag: comes back with a failure of its delivery.
    public init(_ record: OutgoingRecord, topic: String, partition: Int32? = nil, tag: UInt = 0) {
        self.init(
            topic: topic,
            partition: partition,
            key: record.key,
            value: record.value,
            headers: record.headers.map { KafkaHeader($0.name, $0.value) },
            tag: tag
        )
    }
}

extension LogCommit {
    /// The records, tagged by their places among the outputs.
    func records(_ topics: KafkaTopicNames) -> [KafkaProducerRecord] {
        outputs.enumerated().map { index, output in
            KafkaProducerRecord(
                output.record,
                topic: topics.name(of: output.topic),
                partition: output.partition,
                tag: UInt(index)
            )
        }
    }

    func offsets(in topic: String) -> [KafkaTopicPartitionOffset] {
        positions.map { KafkaTopicPartitionOffset(topic: topic, partition: $0.partition, offset: $0.offset) }
    }

    /// Records by topic.
    func counts(_ topics: KafkaTopicNames) -> [String: Int] {
        // One look-up by name for each topic, not for each record.
        LogTopic.allCases.reduce(into: [:]) { counts, topic in
            let count = outputs.count { $0.topic == topic }
            if count > 0 { counts[topics.name(of: topic), default: 0] += count }
        }
    }
}
