import Logging

/// The event handler of admin clients and readers, which have no callbacks of their own: it logs their errors.
final class LoggedEvents: ClientEvents, Sendable {
    private let logger: Logger
    private let client: String
    private let onError: (@Sendable (KafkaError) -> Void)?

    init(logger: Logger, client: String, onError: (@Sendable (KafkaError) -> Void)? = nil) {
        self.logger = logger
        self.client = client
        self.onError = onError
    }

    func clientFailed(_ error: KafkaError) {
        var metadata = error.logMetadata
        metadata["kafka.role"] = .string(client)
        logger.warning("Kafka client error", metadata: metadata)
        onError?(error)
    }
}
