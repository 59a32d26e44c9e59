import CRDKafka

/// A snapshot of this member's place in its consumer group: group, generation, member.
///
/// A transaction carries it so that the broker can fence a member of the past. It must be the one that came with the
/// rebalance request under which the partitions are held: the broker checks the generation, not who owns a
/// partition, so a fresh snapshot would let a resumed zombie through.
///
/// Sound to share: the native object is never changed after it is made.
public final class KafkaGroupMetadata: @unchecked Sendable, CustomStringConvertible {
    let pointer: OpaquePointer
    /// The member's id in the group; empty before the first join.
    public let memberID: String
    /// The group's generation; `nil` when librdkafka's format of it is not known to this library.
    public let generation: Int32?

    /// A snapshot of now. Call it inside the rebalance callback.
    init?(of client: OpaquePointer) {
        guard let pointer = rd_kafka_consumer_group_metadata(client) else { return nil }
        self.pointer = pointer
        if let member = rd_kafka_memberid(client) {
            memberID = String(cString: member)
            rd_kafka_mem_free(client, member)
        } else {
            memberID = ""
        }
        generation = Self.generation(in: pointer)
    }

    deinit { rd_kafka_consumer_group_metadata_destroy(pointer) }

    /// Member and generation, for logs.
    public var description: String {
        "\(memberID) in generation \(generation.map(String.init) ?? "unknown")"
    }

    /// librdkafka has no accessor for the generation; its serialised form begins with a format name and then has the
    /// generation as 32 bits in the machine's byte order. Another format gives `nil`.
    private static func generation(in metadata: OpaquePointer) -> Int32? {
        var buffer: UnsafeMutableRawPointer?
        var size = 0
        if let error = rd_kafka_consumer_group_metadata_write(metadata, &buffer, &size) {
            rd_kafka_error_destroy(error)
            return nil
        }
        guard let buffer else { return nil }
        defer { rd_kafka_mem_free(nil, buffer) }
        let format = Array("CGMDv2:".utf8)
        let bytes = UnsafeRawBufferPointer(start: buffer, count: size)
        guard size >= format.count + 4, bytes.prefix(format.count).elementsEqual(format) else { return nil }
        return bytes.loadUnaligned(fromByteOffset: format.count, as: Int32.self)
    }
}
