import Logging
import WorkerTelemetry

/// Logs when `/readyz` adds or removes a health reason, with its remedy, so that the log has the same information.
struct HealthLog {
    private struct Key: Hashable {
        var code: HealthCode
        var partition: Int32?
    }

    private var present: [Key: HealthReason] = [:]
    private let logger: Logger?

    /// - Parameter logger: `nil` to log nothing.
    init(_ logger: Logger?) { self.logger = logger }

    /// Logs the differences from the previous report.
    mutating func record(_ report: HealthReport) {
        var current: [Key: HealthReason] = [:]
        for reason in report.reasons { current[Key(code: reason.code, partition: reason.partition)] = reason }
        for (key, reason) in current where present[key] == nil { log(reason.withoutSecrets) }
        for key in present.keys where current[key] == nil {
            logger?.notice("Health: reason resolved", metadata: ["code": "\(key.code.rawValue)"])
        }
        present = current
    }

    private func log(_ reason: HealthReason) {
        let metadata: Logger.Metadata = [
            "code": "\(reason.code.rawValue)", "reason": "\(reason.message)", "remedy": "\(reason.remedy)",
        ]
        switch reason.code {
        // Every worker passes through these.
        case .starting, .stopping, .notJoined:
            logger?.info("Health: temporarily not ready", metadata: metadata)
        default:
            if reason.severity == .blocking {
                logger?.error("Health: not ready", metadata: metadata)
            } else {
                logger?.warning("Health: degraded", metadata: metadata)
            }
        }
    }
}
