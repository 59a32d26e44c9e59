import ExportCore
import Primitives
package import Logging
import WorkerRuntime

extension Logger {
    /// The logger of a part of the worker, at that part's level.
    package func part(_ subsystem: LogSubsystem) -> Logger {
        guard let handler = handler as? LineLogHandler else { return self }
        var logger = self
        logger.handler = handler.part(subsystem)
        return logger
    }
}

/// Formats each log entry as one line. The writer's thread writes it.
package struct LineLogHandler: LogHandler {
    /// The logger's name: the label, and the part of the worker.
    private var label: String
    private let isJSON: Bool
    private let levels: LogLevels
    private let limiter: RepeatLimiter
    private let writer: LogWriter
    private var subsystem: LogSubsystem?
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?

    /// Creates a handler.
    ///
    /// - Parameters:
    ///   - label: the logger's label.
    ///   - isJSON: whether lines are JSON, for machines, or text, for people.
    ///   - levels: the levels of the parts.
    ///   - limiter: omits repeated lines.
    ///   - writer: where lines go.
    package init(
        label: String,
        isJSON: Bool,
        levels: LogLevels,
        limiter: RepeatLimiter = RepeatLimiter(),
        writer: LogWriter
    ) {
        self.label = label
        self.isJSON = isJSON
        self.levels = levels
        self.limiter = limiter
        self.writer = writer
        logLevel = levels.level
    }

    func part(_ subsystem: LogSubsystem) -> LineLogHandler {
        var part = self
        part.label = "\(label).\(subsystem.rawValue)"
        part.subsystem = subsystem
        part.logLevel = levels.level(of: subsystem)
        return part
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let now = ContinuousClock.now
        for repeats in limiter.omitted(at: now) {
            let summary = LogEvent(
                level: repeats.key.level,
                message: "Repeated log lines omitted",
                metadata: ["repeated": "\(repeats.key.message)", "count": "\(repeats.count)"],
                source: event.source,
                file: event.file,
                function: event.function,
                line: event.line
            )
            write(summary)
        }
        // Brokers without a setting against automatic creation of topics, such as the embedded one, log this for every
        // request for a topic.
        if event.metadata?["kafka.facility"] == "AUTOCREATE", !limiter.isFirst("AUTOCREATE") { return }
        let key = RepeatLimiter.Key(event, label: label)
        if key.map({ limiter.admits($0, at: now) }) ?? true { write(event) }
    }

    private func write(_ event: LogEvent) {
        let (time, level, message) = (Self.time(), event.level.rawValue, event.message.description)
        let fields = fields(of: event)
        if isJSON {
            let line = LogLine.json(time: time, level: level, logger: label, message: message, fields: fields)
            writer.write(line.bytes, format: .json)
        } else {
            let part = subsystem?.rawValue
            let line = LogLine.text(time: time, level: level, part: part, message: message, fields: fields)
            writer.write(line.bytes, format: .text)
        }
    }

    /// All metadata, by key.
    private func fields(of event: LogEvent) -> [(key: String, value: String)] {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata {
            if all.isEmpty { all = own } else { all.merge(own) { $1 } }
        }
        var fields = all.map { (key: $0.key, value: $0.value.description) }
        fields.sort { $0.key < $1.key }
        return fields
    }

    /// The current time.
    static func time() -> Timestamp { Timestamp(milliseconds: SystemClock().now().milliseconds) }
}
