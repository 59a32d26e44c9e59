import Logging
import Synchronization

/// A logger that keeps librdkafka's messages, for tests that wait for one.
final class LogCapture: Sendable {
    private let lines = Mutex<[String]>([])

    var logger: Logger { Logger(label: "capture") { _ in Handler(capture: self) } }

    /// What the partition's reader did last, such as `offset-wait` or `active`. Needs `debug=topic`.
    func fetchState(of topic: String, _ partition: Int32) -> String? {
        let mark = "Partition \(topic) [\(partition)] changed fetch state "
        let change = lines.withLock { lines in lines.last { $0.contains(mark) } }
        return change?.split(separator: " ").last.map(String.init)
    }

    /// Whether librdkafka has logged a line with this text.
    func contains(_ text: String) -> Bool { lines.withLock { lines in lines.contains { $0.contains(text) } } }

    /// Whether the member has sent its coordinator a LeaveGroup request. Needs `debug=cgrp`.
    var hasLeft: Bool { contains(": leave (in state up)") }

    private struct Handler: LogHandler {
        let capture: LogCapture
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            guard let message = event.metadata?["kafka.message"] else { return }
            capture.lines.withLock { $0.append("\(message)") }
        }
    }
}
