import KafkaClient

/// The failure of a command: what failed, to what, why, and what to do. The command exits with status 1.
struct CommandFailure: Error, CustomStringConvertible {
    var description: String

    /// Kafka's code, where a broker refused a record.
    var code: KafkaErrorCode?

    init(_ description: String, code: KafkaErrorCode? = nil) {
        self.description = description
        self.code = code
    }
}
