import WorkerTelemetry

/// A reason why the worker is not healthy, with its remedy.
struct HealthReason: Sendable, Codable, Equatable {
    /// Whether the worker can still accept work.
    enum Severity: String, Sendable, Codable {
        /// It cannot: the worker is not ready.
        case blocking
        /// It can, but an operator should check it.
        case degraded
    }

    var code: HealthCode
    var severity: Severity
    /// The partition, where the reason concerns one.
    var partition: Int32?
    /// What is wrong.
    var message: String
    /// What to do about it.
    var remedy: String

    init(
        _ code: HealthCode,
        severity: Severity = .blocking,
        partition: Int32? = nil,
        _ message: String,
        remedy: String
    ) {
        self.code = code
        self.severity = severity
        self.partition = partition
        self.message = message
        self.remedy = remedy
    }
}

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

/// The limits after which a state counts as unhealthy.
package struct HealthThresholds: Sendable {
    /// Work waits without progress.
    package var stall: Duration = .seconds(60)
    /// A partition restores its state.
    package var restore: Duration = .seconds(120)
    /// Consecutive failed commits.
    package var commitFailures = 3
    /// A loop has not started. Long, because the worker waits for Kafka at its start.
    package var start: Duration = .seconds(600)
    /// Consecutive unanswered calls of an account, after which the service counts as unreachable.
    package var callFailures = 3
    /// How long failed calls or downloads count without a further call.
    package var memory: Duration = .seconds(900)
    /// The engine does not answer.
    package var answer: Duration = .seconds(5)

    /// Creates the defaults.
    package init() {}
}
