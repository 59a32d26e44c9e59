import CRDKafka

/// How a consumer group assigns partitions to its members.
public enum KafkaGroupProtocol: String, Sendable, Hashable, CaseIterable {
    /// One of the members assigns the partitions. Each change of the group is a new generation, and brings a
    /// ``KafkaRebalanceRequest``.
    case classic
    /// The broker assigns the partitions (KIP-848). A member has an epoch in place of a generation, which may change without
    /// a ``KafkaRebalanceRequest``: read ``KafkaConsumer/groupMetadata()`` for each transaction. The broker sets session
    /// time-out and heartbeat interval. There are no static members.
    case consumer

    /// The first version that has the protocol for production, 2.12.0, as `rd_kafka_version()` returns it.
    private static let firstVersion: Int32 = 0x020c_0000

    /// Why this process cannot use the protocol; `nil` when it can.
    public var obstacle: String? {
        obstacle(version: rd_kafka_version(), name: rd_kafka_version_str().map { String(cString: $0) } ?? "unknown")
    }

    func obstacle(version: Int32, name: String) -> String? {
        guard self == .consumer, version < Self.firstVersion else { return nil }
        return "the group protocol 'consumer' needs librdkafka 2.12.0 or later, and this process has \(name)"
    }

    /// Properties of a consumer that this protocol does not have. librdkafka refuses most of them, so they are not sent.
    public var unsupportedProperties: Set<String> {
        switch self {
        case .classic: []
        case .consumer:
            [
                "session.timeout.ms", "heartbeat.interval.ms", "partition.assignment.strategy", "group.protocol.type",
                "group.instance.id",
            ]
        }
    }
}
