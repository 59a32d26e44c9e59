/// The health reasons, and the status that results from them.
struct HealthReport: Sendable, Equatable {
    enum Status: String, Sendable, Codable {
        case ready
        case degraded
        case notReady
    }

    var reasons: [HealthReason]

    /// Whether the worker can accept work.
    var isReady: Bool { reasons.allSatisfy { $0.severity == .degraded } }

    var status: Status {
        if reasons.isEmpty { return .ready }
        return isReady ? .degraded : .notReady
    }
}
