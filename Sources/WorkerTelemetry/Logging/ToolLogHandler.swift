package import Logging

/// Omits the lines of librdkafka: a command's error names the reason of its failure, and what librdkafka repairs on its own
/// concerns no one who runs a command once.
package struct ToolLogHandler: LogHandler {
    private var base: any LogHandler

    /// Creates a handler that passes all other lines to another one.
    package init(base: any LogHandler) { self.base = base }

    package var logLevel: Logger.Level {
        get { base.logLevel }
        set { base.logLevel = newValue }
    }

    package var metadata: Logger.Metadata {
        get { base.metadata }
        set { base.metadata = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { base[metadataKey: key] }
        set { base[metadataKey: key] = newValue }
    }

    package func log(event: LogEvent) {
        guard event.metadata?["kafka.facility"] == nil, event.metadata?["kafka.role"] == nil else { return }
        base.log(event: event)
    }
}
