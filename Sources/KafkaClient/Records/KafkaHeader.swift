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
