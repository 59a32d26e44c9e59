/// Up to where the records of each assigned partition have been delivered, and which of those that arrive are repetitions.
/// `ConsumerLoop` drops these.
///
/// Offsets of a partition only rise, unless it is sought, or its topic was created again or has lost its newest records.
/// The last two are assumed when a partition repeats records again after it was sought to its position.
struct DeliveryProgress {
    private var offsets: [KafkaTopicPartition: Int64] = [:]
    /// Partitions that repeated records and were sought to their position.
    private var soughtForward: Set<KafkaTopicPartition> = []

    // The batch that is being checked.
    private var current: KafkaTopicPartition?
    private var next: Int64 = 0
    private var behind: Set<KafkaTopicPartition> = []

    /// The records that follow are of this partition, the first of them at this offset.
    mutating func enter(_ partition: KafkaTopicPartition, at offset: Int64) {
        leave()
        current = partition
        let isNewBeginning = soughtForward.isEmpty ? false : soughtForward.remove(partition) != nil
        next = isNewBeginning ? offset : offsets[partition] ?? offset
    }

    /// Whether a record of the partition that was entered is not a repetition.
    mutating func accepts(_ offset: Int64) -> Bool {
        guard let current else { return true }
        guard offset >= next else {
            behind.insert(current)
            return false
        }
        next = offset + 1
        // It has caught up without help.
        if !behind.isEmpty { behind.remove(current) }
        return true
    }

    /// Ends the batch.
    /// - Returns: the partitions that are still behind, and the offsets to seek them to.
    mutating func finish() -> [KafkaTopicPartition: Int64] {
        leave()
        guard !behind.isEmpty else { return [:] }
        defer { behind = [] }
        soughtForward.formUnion(behind)
        return offsets.filter { behind.contains($0.key) }
    }

    private mutating func leave() {
        if let current { offsets[current] = next }
        current = nil
    }

    /// The partition continues at this offset, wherever it was.
    mutating func sought(_ partition: KafkaTopicPartition, to offset: Int64) {
        offsets[partition] = offset
        soughtForward.remove(partition)
    }

    /// The offset from which a partition continues; `nil` while it may begin at any.
    func position(of partition: KafkaTopicPartition) -> Int64? {
        soughtForward.contains(partition) ? nil : offsets[partition]
    }

    /// These partitions may begin at any offset.
    mutating func forget(_ partitions: some Sequence<KafkaTopicPartition>) {
        for partition in partitions {
            offsets[partition] = nil
            soughtForward.remove(partition)
        }
    }
}
