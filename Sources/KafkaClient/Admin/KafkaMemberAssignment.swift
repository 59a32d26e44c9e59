/// What a member of a consumer group is assigned, in the form that members exchange: Kafka's
/// `ConsumerProtocolAssignment`, of which every version begins the same.
enum KafkaMemberAssignment {
    /// The partitions, in order. Bytes that are not such a message, or are cut off, give those before the fault: the
    /// broker passes on whatever a member's client library has written.
    static func partitions(in bytes: UnsafeRawBufferPointer) -> [KafkaTopicPartition] {
        var reader = BigEndianReader(bytes: bytes)
        var partitions: [KafkaTopicPartition] = []
        guard reader.int16() != nil, let topics = reader.int32() else { return [] }
        // Counts may be wrong: the loop ends where the bytes do.
        for _ in 0..<max(topics, 0) {
            guard let length = reader.int16(), let name = reader.text(Int(length)), let count = reader.int32() else {
                break
            }
            for _ in 0..<max(count, 0) {
                guard let partition = reader.int32() else { return partitions.sorted() }
                partitions.append(KafkaTopicPartition(topic: name, partition: partition))
            }
        }
        return partitions.sorted()
    }
}

private struct BigEndianReader {
    let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func int16() -> Int16? { integer() }

    mutating func int32() -> Int32? { integer() }

    private mutating func integer<I: FixedWidthInteger>() -> I? {
        let size = MemoryLayout<I>.size
        guard bytes.count - position >= size else { return nil }
        defer { position += size }
        return I(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: I.self))
    }

    mutating func text(_ length: Int) -> String? {
        guard length >= 0, bytes.count - position >= length else { return nil }
        defer { position += length }
        return String(decoding: bytes[position..<position + length], as: UTF8.self)
    }
}
