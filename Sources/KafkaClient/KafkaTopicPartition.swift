/// One partition of one topic.
public struct KafkaTopicPartition: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The topic's name.
    public var topic: String
    /// The partition's number, from 0.
    public var partition: Int32

    /// Names a partition.
    public init(topic: String, partition: Int32) {
        self.topic = topic
        self.partition = partition
    }

    /// `topic[partition]`, for logs.
    public var description: String { "\(topic)[\(partition)]" }

    /// By topic, then by number.
    public static func < (lhs: KafkaTopicPartition, rhs: KafkaTopicPartition) -> Bool {
        (lhs.topic, lhs.partition) < (rhs.topic, rhs.partition)
    }
}

/// An offset in one partition. As a position or as a committed offset it is the offset of the *next* record
/// to read, one above the last that was read.
public struct KafkaTopicPartitionOffset: Sendable, Hashable, CustomStringConvertible {
    /// The partition.
    public var topicPartition: KafkaTopicPartition
    /// The offset, from 0.
    public var offset: Int64

    /// Names an offset.
    public init(_ topicPartition: KafkaTopicPartition, offset: Int64) {
        self.topicPartition = topicPartition
        self.offset = offset
    }

    /// Names an offset.
    public init(topic: String, partition: Int32, offset: Int64) {
        self.init(KafkaTopicPartition(topic: topic, partition: partition), offset: offset)
    }

    /// The topic's name.
    public var topic: String { topicPartition.topic }
    /// The partition's number.
    public var partition: Int32 { topicPartition.partition }
    /// `topic[partition]@offset`, for logs.
    public var description: String { "\(topicPartition)@\(offset)" }
}

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

/// How far a partition reaches.
public struct KafkaWatermarks: Sendable, Hashable {
    /// The oldest offset that the partition still holds.
    public var low: Int64
    /// The offset that the next record will get.
    public var high: Int64

    /// Names the two ends.
    public init(low: Int64, high: Int64) {
        self.low = low
        self.high = high
    }
}

/// One header of a record. Names may repeat and keep their order.
public struct KafkaHeader: Sendable, Hashable {
    /// The header's name.
    public var name: String
    /// The value; `nil` is Kafka's null, which is not the same as empty.
    public var value: [UInt8]?

    /// A header of bytes.
    public init(_ name: String, _ value: [UInt8]?) {
        self.name = name
        self.value = value
    }

    /// A header of text, in UTF-8.
    public init(_ name: String, _ value: String) {
        self.init(name, Array(value.utf8))
    }

    /// The value as text, when it is UTF-8.
    public var text: String? {
        guard let value else { return nil }
        return String(validating: value, as: UTF8.self)
    }
}
