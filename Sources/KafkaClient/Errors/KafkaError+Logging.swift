import Logging

extension KafkaError {
    /// The error's parts, for a log message that is a constant string.
    var logMetadata: Logger.Metadata {
        var metadata: Logger.Metadata = [
            "error.type": .string(code.name),
            "kafka.fault": .string(fault.rawValue),
            "error.message": .string(message),
            "kafka.operation": .string(operation),
        ]
        if let topic { metadata["kafka.topic"] = .string(topic) }
        if let partition { metadata["kafka.partition"] = .stringConvertible(partition) }
        return metadata
    }
}
