/// A record to produce.
public struct KafkaProducerRecord: Sendable, Hashable {
    /// The topic's name.
    public var topic: String
    /// The partition; `nil` lets the partitioner choose by the key.
    public var partition: Int32?
    /// The key.
    public var key: [UInt8]?
    /// The value; `nil` makes it a tombstone.
    public var value: [UInt8]?
    /// The headers, in order.
    public var headers: [KafkaHeader]
    /// Milliseconds since 1970; `nil` takes the time of producing.
    public var timestamp: Int64?
    /// Comes back with a ``KafkaDeliveryFailure``, so that the caller can identify the record.
    public var tag: UInt

    /// A record.
    public init(
        topic: String,
        partition: Int32? = nil,
        key: [UInt8]? = nil,
        value: [UInt8]?,
        headers: [KafkaHeader] = [],
        timestamp: Int64? = nil,
        tag: UInt = 0
    ) {
        self.topic = topic
        self.partition = partition
        self.key = key
        self.value = value
        self.headers = headers
        self.timestamp = timestamp
        self.tag = tag
    }
}
