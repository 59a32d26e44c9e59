import ExportRecords
import Foundation
import Logging
import WorkerRuntime

/// Where log lines go: standard error, as text for people or as JSON for machines.
enum LogSetup {
    /// Reads `LOG_LEVEL` and `LOG_FORMAT` and makes the process's logger.
    static func makeLogger(_ settings: Settings) throws -> Logger {
        var reader = SettingReader(settings)
        let levels = try LogLevels(reader.text("LOG_LEVEL"))
        let format = reader.optional("LOG_FORMAT") ?? (Terminal.isErrorInteractive ? "text" : "json")
        guard format == "text" || format == "json" else { throw ConfigurationError("LOG_FORMAT must be text or json.") }
        return Logger(label: "payout-worker") { label in
            LineLogHandler(label: label, isJSON: format == "json", levels: levels)
        }
    }
}

extension Logger {
    /// The logger of a part of the worker, at that part's level.
    func part(_ subsystem: LogSubsystem) -> Logger {
        guard let handler = handler as? LineLogHandler else { return self }
        var logger = self
        logger.handler = handler.part(subsystem)
        return logger
    }
}

/// Writes each log entry as one line to standard error.
struct LineLogHandler: LogHandler {
    private let label: String
    private let isJSON: Bool
    private let levels: LogLevels
    private let limiter: RepeatLimiter
    private var subsystem: LogSubsystem?
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    init(label: String, isJSON: Bool, levels: LogLevels, limiter: RepeatLimiter = RepeatLimiter()) {
        self.label = label
        self.isJSON = isJSON
        self.levels = levels
        self.limiter = limiter
        logLevel = levels.level
    }

    func part(_ subsystem: LogSubsystem) -> LineLogHandler {
        var part = self
        part.subsystem = subsystem
        part.logLevel = levels.level(of: subsystem)
        return part
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let now = ContinuousClock.now
        for repeats in limiter.leftOut(at: now) {
            let summary = LogEvent(
                level: repeats.key.level,
                message: "The same was left out of the log",
                metadata: ["repeated": "\(repeats.key.message)", "count": "\(repeats.count)"],
                source: event.source,
                file: event.file,
                function: event.function,
                line: event.line
            )
            write(summary)
        }
        // Brokers that cannot be told not to create topics, as the embedded one, say so for every look at a topic.
        if event.metadata?["kafka.facility"] == "AUTOCREATE", !limiter.isFirst("AUTOCREATE") { return }
        let key = RepeatLimiter.Key(event, label: subsystem?.rawValue ?? label)
        if key.map({ limiter.admits($0, at: now) }) ?? true { write(event) }
    }

    private func write(_ event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        let time = SystemClock().now().rfc3339
        let line = isJSON ? json(time, event, all) : text(time, event, all)
        Terminal.write(line + "\n", to: .standardError)
    }

    private func text(_ time: String, _ event: LogEvent, _ metadata: Logger.Metadata) -> String {
        let fields = metadata.sorted { $0.key < $1.key }.map { "\($0.key)=\(Self.quoted("\($0.value)"))" }
        let level = event.level.rawValue.uppercased().padding(toLength: 8, withPad: " ", startingAt: 0)
        let part = subsystem.map { ["[\($0.rawValue)]"] } ?? []
        return ([time, level] + part + [Self.oneLine("\(event.message)")] + fields).joined(separator: " ")
    }

    private func json(_ time: String, _ event: LogEvent, _ metadata: Logger.Metadata) -> String {
        var object: [String: Any] = [
            "time": time, "level": event.level.rawValue, "message": "\(event.message)",
            "logger": subsystem.map { "\(label).\($0.rawValue)" } ?? label,
        ]
        for (key, value) in metadata where object[key] == nil { object[key] = "\(value)" }
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? JSONSerialization.data(withJSONObject: object, options: options) else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }

    /// A value with blanks or line ends in it must not look like two.
    private static func quoted(_ text: String) -> String {
        text.contains { $0 == " " || $0.isNewline || $0 == "\"" || $0 == "=" }
            ? "\"" + oneLine(text).replacing("\"", with: "\\\"") + "\"" : text
    }

    private static func oneLine(_ text: String) -> String {
        text.replacing("\r\n", with: "\\n").replacing("\n", with: "\\n")
    }
}
