import Foundation
import Logging

/// The parts of the worker whose log has a level of its own.
enum LogSubsystem: String, CaseIterable, Sendable {
    /// Decisions: jobs, accounts, intake, partitions.
    case engine
    /// The client of the brokers, librdkafka's own lines among them.
    case kafka
    /// The client of the service and its sign-in.
    case api
    /// The file store and downloads.
    case files
    /// Health, metrics and dashboard.
    case console
}

/// `LOG_LEVEL`: a level, and levels of subsystems after it, such as `info,kafka=debug,api=trace`.
struct LogLevels: Sendable, Equatable {
    /// The level of everything that is not named.
    var level = Logger.Level.info
    /// The levels of what is named.
    var subsystems: [LogSubsystem: Logger.Level] = [:]

    /// Reads the setting.
    ///
    /// - Throws: ``ConfigurationError`` that names what is not understood.
    init(_ text: String) throws {
        for part in text.split(separator: ",") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            guard let name = sides.last, let level = Logger.Level(rawValue: name.lowercased()) else {
                throw ConfigurationError(
                    "LOG_LEVEL: '\(part)' must end with trace, debug, info, notice, warning, error or critical."
                )
            }
            guard sides.count == 2 else {
                self.level = level
                continue
            }
            guard let subsystem = LogSubsystem(rawValue: sides[0].lowercased()) else {
                let known = LogSubsystem.allCases.map(\.rawValue).joined(separator: ", ")
                throw ConfigurationError("LOG_LEVEL: '\(sides[0])' is no subsystem. There are \(known).")
            }
            subsystems[subsystem] = level
        }
    }

    /// The level of a subsystem.
    func level(of subsystem: LogSubsystem) -> Logger.Level { subsystems[subsystem] ?? level }
}
