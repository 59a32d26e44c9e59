import Foundation
import Logging
import WorkerTelemetry

extension LogLevels {
    /// Reads `LOG_LEVEL`: a level, and levels of subsystems after it, such as `info,kafka=debug,api=trace`.
    ///
    /// - Throws: ``ConfigurationError`` that names the invalid part.
    init(_ text: String) throws {
        self.init()
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
                throw ConfigurationError("LOG_LEVEL: '\(sides[0])' is not a subsystem. The subsystems are \(known).")
            }
            subsystems[subsystem] = level
        }
    }
}
