import CRDKafka

/// Owns an `rd_kafka_topic_partition_list_t`.
///
/// Not copyable, so that each list is destroyed exactly once: a leaked list holds references to partitions
/// and makes `rd_kafka_destroy` wait for ever.
struct TopicPartitionList: ~Copyable {
    let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    init(capacity: Int = 8) {
        pointer = rd_kafka_topic_partition_list_new(Int32(clamping: capacity))
    }

    /// Takes over a list that librdkafka made and that the caller has to destroy.
    init(owning pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) {
        self.pointer = pointer
    }

    init(_ partitions: some Collection<KafkaTopicPartition>) {
        self.init(capacity: partitions.count)
        for partition in partitions { add(partition) }
    }

    init(_ offsets: some Collection<KafkaTopicPartitionOffset>) {
        self.init(capacity: offsets.count)
        for offset in offsets { add(offset.topicPartition, offset: offset.offset) }
    }

    deinit { rd_kafka_topic_partition_list_destroy(pointer) }

    func add(_ partition: KafkaTopicPartition, offset: Int64? = nil) {
        let element = rd_kafka_topic_partition_list_add(pointer, partition.topic, partition.partition)
        if let offset { element?.pointee.offset = offset }
    }

    /// The elements' partitions, offsets and errors, copied out.
    var entries: [TopicPartitionEntry] { TopicPartitionEntry.entries(of: pointer) }
}

/// One element of a native list, copied out.
struct TopicPartitionEntry {
    let topicPartition: KafkaTopicPartition
    /// May be one of librdkafka's logical offsets, which are negative.
    let offset: Int64
    let error: rd_kafka_resp_err_t

    static func entries(of list: UnsafePointer<rd_kafka_topic_partition_list_t>) -> [TopicPartitionEntry] {
        (0..<Int(list.pointee.cnt)).map { index in
            let element = list.pointee.elems[index]
            return TopicPartitionEntry(
                topicPartition: KafkaTopicPartition(
                    topic: element.topic.map { String(cString: $0) } ?? "",
                    partition: element.partition
                ),
                offset: element.offset,
                error: element.err
            )
        }
    }
}

extension KafkaStartOffset {
    /// The offset as librdkafka takes it.
    var native: Int64 {
        switch self {
        case .beginning: Int64(RD_KAFKA_OFFSET_BEGINNING)
        case .end: Int64(RD_KAFKA_OFFSET_END)
        case .offset(let offset): offset
        case .committed: Int64(RD_KAFKA_OFFSET_STORED)
        }
    }
}

extension Duration {
    /// Whole milliseconds for librdkafka's time-outs, at least 0.
    var milliseconds: Int32 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        return overflow ? .max : Int32(clamping: whole + attoseconds / 1_000_000_000_000_000)
    }
}
