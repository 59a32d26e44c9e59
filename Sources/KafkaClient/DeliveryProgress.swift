/// Up to where the records of each assigned partition have been delivered, and which of those that come are repetitions.
///
/// Offsets of a partition only rise, but for a seek, and but for a topic that was made anew or has lost its newest
/// records. The last two are believed when a partition that began again, and was sent on, begins again.
struct DeliveryProgress {
    private var offsets: [KafkaTopicPartition: Int64] = [:]
    private var sentOn: Set<KafkaTopicPartition> = []

    // The batch that is being looked through.
    private var current: KafkaTopicPartition?
    private var next: Int64 = 0
    private var behind: Set<KafkaTopicPartition> = []

    /// The records that follow are of this partition, the first of them at this offset.
    mutating func enter(_ partition: KafkaTopicPartition, at offset: Int64) {
        leave()
        current = partition
        let isBelieved = sentOn.isEmpty ? false : sentOn.remove(partition) != nil
        next = isBelieved ? offset : offsets[partition] ?? offset
    }

    /// Whether a record of the partition that was entered is not a repetition.
    mutating func accepts(_ offset: Int64) -> Bool {
        guard let current else { return true }
        guard offset >= next else {
            behind.insert(current)
            return false
        }
        next = offset + 1
        // It has caught up by itself.
        if !behind.isEmpty { behind.remove(current) }
        return true
    }

    /// Ends the batch.
    /// - Returns: the partitions that are still behind, and the offsets to send them on to.
    mutating func finish() -> [KafkaTopicPartition: Int64] {
        leave()
        guard !behind.isEmpty else { return [:] }
        defer { behind = [] }
        sentOn.formUnion(behind)
        return offsets.filter { behind.contains($0.key) }
    }

    private mutating func leave() {
        if let current { offsets[current] = next }
        current = nil
    }

    /// The partition goes on at this offset, wherever it was.
    mutating func sought(_ partition: KafkaTopicPartition, to offset: Int64) {
        offsets[partition] = offset
        sentOn.remove(partition)
    }

    /// Nothing is known of these partitions any more.
    mutating func forget(_ partitions: some Sequence<KafkaTopicPartition>) {
        for partition in partitions {
            offsets[partition] = nil
            sentOn.remove(partition)
        }
    }
}
