import Logging

/// Writes into the log what `/readyz` begins to say and what it says no more: whoever reads logs alone learns the
/// same, remedies included.
struct HealthLog {
    private struct Mark: Hashable {
        var code: HealthReason.Code
        var partition: Int32?
    }

    private var present: [Mark: HealthReason] = [:]
    private let logger: Logger?

    /// - Parameter logger: `nil` to write nothing.
    init(_ logger: Logger?) { self.logger = logger }

    mutating func take(_ verdict: HealthVerdict) {
        var now: [Mark: HealthReason] = [:]
        for reason in verdict.reasons { now[Mark(code: reason.code, partition: reason.partition)] = reason }
        for (mark, reason) in now where present[mark] == nil { came(reason.cleaned) }
        for mark in present.keys where now[mark] == nil {
            logger?.notice("Health: a reason is gone", metadata: ["code": "\(mark.code.rawValue)"])
        }
        present = now
    }

    private func came(_ reason: HealthReason) {
        let metadata: Logger.Metadata = [
            "code": "\(reason.code.rawValue)", "reason": "\(reason.message)", "remedy": "\(reason.remedy)",
        ]
        switch reason.code {
        // Every worker passes through these.
        case .starting, .stopping, .notJoined:
            logger?.info("Health: not ready for now", metadata: metadata)
        default:
            if reason.severity == .blocking {
                logger?.error("Health: the worker cannot take work", metadata: metadata)
            } else {
                logger?.warning("Health: somebody should look", metadata: metadata)
            }
        }
    }
}
