/// Up to where the records of each assigned partition have been delivered.
///
/// Offsets of a partition only rise, but for a seek, and but for a topic that was made anew or has lost its newest
/// records. The last two are believed when a partition that began again, and was sent on, begins again.
struct DeliveryProgress {
    private var offsets: [KafkaTopicPartition: Int64] = [:]
    private var sentOn: Set<KafkaTopicPartition> = []

    /// Where the partition goes on: records before are repetitions.
    /// - Parameter offset: The offset of a record of it that has come.
    mutating func next(of partition: KafkaTopicPartition, at offset: Int64) -> Int64 {
        guard let next = offsets[partition], next > offset else {
            if !sentOn.isEmpty { sentOn.remove(partition) }
            return offset
        }
        return sentOn.remove(partition) == nil ? next : offset
    }

    /// Records before this offset have been delivered, or are not wanted.
    mutating func delivered(_ partition: KafkaTopicPartition, upTo offset: Int64) { offsets[partition] = offset }

    /// Repetitions came, and the partition was sent on to where it was.
    mutating func wentBack(_ partition: KafkaTopicPartition) { sentOn.insert(partition) }

    /// Nothing is known of these partitions any more.
    mutating func forget(_ partitions: some Sequence<KafkaTopicPartition>) {
        for partition in partitions {
            offsets[partition] = nil
            sentOn.remove(partition)
        }
    }
}
