import CRDKafka

/// Where reading of a partition begins.
public enum KafkaStartOffset: Sendable, Hashable {
    /// The oldest record that the partition still holds.
    case beginning
    /// Only what is written from now on.
    case end
    /// This offset, or the next one that exists.
    case offset(Int64)
    /// The group's committed offset, or where `auto.offset.reset` says when there is none. For group members only.
    case committed
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
