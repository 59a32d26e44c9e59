package import Logging

/// The parts of the worker whose log has a level of its own.
package enum LogSubsystem: String, CaseIterable, Sendable {
    /// Decisions on jobs, accounts, intake and partitions.
    case engine
    /// The Kafka client, with librdkafka's own lines.
    case kafka
    /// The payout API client and its sign-in.
    case api
    /// The file store and downloads.
    case files
    /// Health, metrics and dashboard.
    case console
}

/// The general log level, and levels of parts that differ from it.
package struct LogLevels: Sendable, Equatable {
    /// The level of parts that are not in ``subsystems``.
    package var level = Logger.Level.info
    /// The levels of parts.
    package var subsystems: [LogSubsystem: Logger.Level] = [:]

    /// Creates the defaults.
    package init() {}

    /// The level of a subsystem.
    package func level(of subsystem: LogSubsystem) -> Logger.Level { subsystems[subsystem] ?? level }
}
