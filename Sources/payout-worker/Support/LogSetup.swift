import Foundation
import Logging
import WorkerTelemetry

/// The log on standard error, as text for people or as JSON for programs.
enum LogSetup {
    /// The label of the process's logger.
    fileprivate static let label = "payout-worker"

    /// Reads `LOG_LEVEL` and `LOG_FORMAT` and creates the process's logger.
    ///
    /// - Parameter format: the format if `LOG_FORMAT` is not set.
    static func makeLogger(
        _ settings: Settings,
        format: String = Terminal.isErrorInteractive ? "text" : "json"
    ) throws -> Logger {
        var reader = SettingReader(settings)
        let levels = try LogLevels(reader.text("LOG_LEVEL"))
        let format = reader.optional("LOG_FORMAT") ?? format
        guard format == "text" || format == "json" else { throw ConfigurationError("LOG_FORMAT must be text or json.") }
        return Logger(label: label) { label in
            LineLogHandler(label: label, isJSON: format == "json", levels: levels, writer: .standardError)
        }
    }

    /// The logger of a command that is not a worker. It logs only problems unless `LOG_LEVEL` is set, as text between the
    /// command's own messages.
    ///
    /// - Parameter level: the lowest level of a problem.
    static func makeToolLogger(_ settings: Settings, level: Logger.Level = .warning) throws -> Logger {
        var logger = try makeLogger(settings, format: "text")
        guard try settings.value("LOG_LEVEL")?.source == .default else { return logger }
        logger.handler = ToolLogHandler(base: logger.handler)
        logger.logLevel = level
        return logger
    }
}

extension LogWriter {
    /// The process's standard error. At exit, buffered lines are written for at most two seconds.
    static let standardError: LogWriter = {
        atexit { LogWriter.standardError.flush(within: 2) }
        return LogWriter(descriptor: STDERR_FILENO, label: LogSetup.label)
    }()
}
