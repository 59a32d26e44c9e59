/// The partition that the Java client's default partitioner gives a key: murmur2, without its sign, modulo the count.
///
/// librdkafka does the same with `partitioner=murmur2_random`, but not by default.
/// - Parameters:
///   - key: the record's key.
///   - partitionCount: the topic's number of partitions, at least 1.
public func murmur2Partition(key: some Collection<UInt8>, partitionCount: Int32) -> Int32 {
    precondition(partitionCount > 0, "a topic has at least one partition")
    let hash = key.withContiguousStorageIfAvailable { murmur2($0) } ?? Array(key).withUnsafeBufferPointer(murmur2)
    return Int32(hash & 0x7fff_ffff) % partitionCount
}

/// MurmurHash2, 32 bits, with the seed and the byte order that Kafka's Java client uses.
private func murmur2(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
    let multiplier: UInt32 = 0x5bd1_e995
    var hash = 0x9747_b28c ^ UInt32(truncatingIfNeeded: bytes.count)
    let wholeWords = bytes.count / 4
    for word in 0..<wholeWords {
        var mixed = UnsafeRawBufferPointer(bytes).loadUnaligned(fromByteOffset: word * 4, as: UInt32.self).littleEndian
        mixed = mixed &* multiplier
        mixed ^= mixed >> 24
        mixed = mixed &* multiplier
        hash = (hash &* multiplier) ^ mixed
    }
    let tail = bytes[(wholeWords * 4)...]
    if !tail.isEmpty {
        for (index, byte) in tail.enumerated() { hash ^= UInt32(byte) << UInt32(8 * index) }
        hash = hash &* multiplier
    }
    hash ^= hash >> 13
    hash = hash &* multiplier
    return hash ^ (hash >> 15)
}
