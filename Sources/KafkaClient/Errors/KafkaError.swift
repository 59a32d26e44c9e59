/// What went wrong between this client and the cluster, and what to do about it.
public struct KafkaError: Error, Sendable, CustomStringConvertible {
    /// What to do: switch over this.
    public var fault: KafkaFault
    /// Kafka's or librdkafka's code.
    public var code: KafkaErrorCode
    /// The broker's or librdkafka's error text. For people; never decide by it. Holds no secret.
    public var message: String
    /// What was being done, such as `commit transaction`.
    public var operation: String
    /// The topic it concerns, when one is known.
    public var topic: String?
    /// The partition it concerns, when one is known.
    public var partition: Int32?
    /// The librdkafka property it concerns, for errors of configuration.
    public var property: String?
    /// For a transaction: the records that could not be delivered, if that is why it failed.
    public var deliveryFailures: [KafkaDeliveryFailure]

    /// An error.
    public init(
        fault: KafkaFault,
        code: KafkaErrorCode,
        message: String,
        operation: String,
        topic: String? = nil,
        partition: Int32? = nil,
        property: String? = nil,
        deliveryFailures: [KafkaDeliveryFailure] = []
    ) {
        self.fault = fault
        self.code = code
        self.message = message
        self.operation = operation
        self.topic = topic
        self.partition = partition
        self.property = property
        self.deliveryFailures = deliveryFailures
    }

    /// One line: what failed, to what, why, and what to do.
    public var description: String {
        var text = "\(operation) failed"
        if let property { text += " for property \(property)" }
        if let topic { text += " for \(topic)" + (partition.map { "[\($0)]" } ?? "") }
        text += ": \(message) (\(code.name))"
        if !deliveryFailures.isEmpty { text += ", \(deliveryFailures.count) record(s) not delivered" }
        return text + "; \(fault.remedy)"
    }
}
