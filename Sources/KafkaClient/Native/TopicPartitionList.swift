import CRDKafka

/// Owns an `rd_kafka_topic_partition_list_t`, which most of librdkafka's calls about partitions take.
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
