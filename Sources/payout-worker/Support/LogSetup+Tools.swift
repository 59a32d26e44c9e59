import Logging

extension LogSetup {
    /// The logger of a command that is not a worker: quiet unless something is wrong, or `LOG_LEVEL` says otherwise.
    ///
    /// - Parameter level: what counts as wrong.
    static func makeToolLogger(_ settings: Settings, level: Logger.Level = .warning) throws -> Logger {
        var logger = try makeLogger(settings)
        guard try settings.value("LOG_LEVEL")?.source == .default else { return logger }
        logger.handler = ToolLogHandler(base: logger.handler)
        logger.logLevel = level
        return logger
    }
}

/// Leaves out what a broker says that cannot be told not to create topics, as the embedded one: it says so for
/// every client that looks at a topic.
private struct ToolLogHandler: LogHandler {
    var base: any LogHandler

    var logLevel: Logger.Level {
        get { base.logLevel }
        set { base.logLevel = newValue }
    }

    var metadata: Logger.Metadata {
        get { base.metadata }
        set { base.metadata = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { base[metadataKey: key] }
        set { base[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        guard event.metadata?["kafka.facility"] != "AUTOCREATE" else { return }
        base.log(event: event)
    }
}
