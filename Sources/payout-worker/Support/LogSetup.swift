import ExportRecords
import Foundation
import Logging
import WorkerRuntime

/// Where log lines go: standard error, as text for people or as JSON for machines.
enum LogSetup {
    /// Reads `LOG_LEVEL` and `LOG_FORMAT` and makes the process's logger.
    static func makeLogger(_ settings: Settings) throws -> Logger {
        var reader = SettingReader(settings)
        let levelName = reader.text("LOG_LEVEL").lowercased()
        guard let level = Logger.Level(rawValue: levelName) else {
            throw ConfigurationError("LOG_LEVEL must be trace, debug, info, notice, warning, error or critical.")
        }
        let format = reader.optional("LOG_FORMAT") ?? (Terminal.isErrorInteractive ? "text" : "json")
        guard format == "text" || format == "json" else { throw ConfigurationError("LOG_FORMAT must be text or json.") }
        return Logger(label: "payout-worker") { label in
            var handler = LineLogHandler(label: label, isJSON: format == "json")
            handler.logLevel = level
            return handler
        }
    }
}

/// Writes each log entry as one line to standard error.
struct LineLogHandler: LogHandler {
    let label: String
    let isJSON: Bool
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
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
        return ([time, level, Self.oneLine("\(event.message)")] + fields).joined(separator: " ")
    }

    private func json(_ time: String, _ event: LogEvent, _ metadata: Logger.Metadata) -> String {
        var object: [String: Any] = [
            "time": time, "level": event.level.rawValue, "message": "\(event.message)", "logger": label,
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
