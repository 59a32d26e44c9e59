package import Logging
import Synchronization

/// Records log lines.
package final class LogCapture: Sendable {
    private let events = Mutex<[(message: String, line: String)]>([])

    package init() {}

    /// The messages without their metadata.
    package var messages: [String] { events.withLock { $0.map(\.message) } }

    /// The lines with level and metadata.
    package var text: String { lines.joined(separator: "\n") }

    /// The lines with level and metadata, in order.
    package var lines: [String] { events.withLock { $0.map(\.line) } }

    package var logger: Logger {
        var logger = Logger(label: "test", factory: { _ in Handler(capture: self) })
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let capture: LogCapture
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let line = "\(event.level) \(event.message) \(event.metadata ?? [:])"
            capture.events.withLock { $0.append(("\(event.message)", line)) }
        }
    }
}
