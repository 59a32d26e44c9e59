import CRDKafka

/// A snapshot of this member's place in its consumer group: group, generation, member.
///
/// A transaction carries it, so that the broker fences a former owner. With ``KafkaGroupProtocol/classic`` it must be the
/// snapshot of the newest ``KafkaRebalanceRequest``: the broker checks the generation and not who owns a partition, so a
/// snapshot taken at commit time could let through a member that was paused and has lost its partitions. With
/// ``KafkaGroupProtocol/consumer`` it is ``KafkaConsumer/groupMetadata()``.
///
/// Sound to share: the native object is never changed after it is made.
public final class KafkaGroupMetadata: @unchecked Sendable, CustomStringConvertible {
    let pointer: OpaquePointer
    /// The member's id in the group. A member that was excluded gets another one when it joins again.
    public let memberID: String
    /// The group's generation, or the member's epoch; `nil` when librdkafka's format of it is not known to this library.
    public let generation: Int32?

    /// A snapshot of the present. Call it inside the rebalance callback: librdkafka joins no other generation until the
    /// callback has returned.
    ///
    /// `nil` when the group has excluded this member: librdkafka removes its id or sets the generation to -1 as soon as a
    /// broker refuses a heartbeat or a commit, also while a callback waits. A broker does not fence a transaction
    /// without both.
    ///
    /// With ``KafkaGroupProtocol/consumer`` the member chooses its id itself and keeps it. Its epoch is 0 between an exclusion
    /// and the next join.
    init?(of client: ClientHandle, _ groupProtocol: KafkaGroupProtocol) {
        guard let pointer = rd_kafka_consumer_group_metadata(client.pointer) else { return nil }
        let generation = Self.generation(in: pointer)
        let memberID = client.memberID
        guard !memberID.isEmpty, generation ?? 0 >= (groupProtocol == .classic ? 0 : 1) else {
            rd_kafka_consumer_group_metadata_destroy(pointer)
            return nil
        }
        self.pointer = pointer
        self.memberID = memberID
        self.generation = generation
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
