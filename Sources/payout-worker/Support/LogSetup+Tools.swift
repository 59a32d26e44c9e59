import Logging

extension LogSetup {
    /// The logger of a command that is not a worker: quiet unless something is wrong, or `LOG_LEVEL` says otherwise.
    static func makeToolLogger(_ settings: Settings) throws -> Logger {
        var logger = try makeLogger(settings)
        if try settings.value("LOG_LEVEL")?.source == .default { logger.logLevel = .warning }
        return logger
    }
}
