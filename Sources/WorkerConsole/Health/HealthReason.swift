/// Something that speaks against the worker's health: what, and what to do about it.
struct HealthReason: Sendable, Codable, Equatable {
    /// Whether the worker can still take work.
    enum Severity: String, Sendable, Codable {
        /// It cannot: not ready.
        case blocking
        /// It can, and somebody should look all the same.
        case degraded
    }

    /// The kinds of reasons, for programs.
    enum Code: String, Sendable, Codable, CaseIterable {
        case starting
        case stopping
        case engineSilent
        case loopStuck
        case notJoined
        case restoring
        case partitionStopped
        case handOverStuck
        case accountPaused
        case allAccountsPaused
        case kafkaUnreachable
        case commitsFailing
        case commitStuck
        case callsStuck
        case intakeStuck
        case timersLate
        case intakePaused
        case serviceUnreachable
        case throttled
        case storeUnavailable
        case downloadsFailing
        case jobsLate
        case topicsUnfit
        case configurationNotReloaded
    }

    var code: Code
    var severity: Severity
    /// The partition, where the reason is about one.
    var partition: Int32?
    /// What is the matter.
    var message: String
    /// What to do about it.
    var remedy: String

    init(
        _ code: Code,
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

/// What the reasons come to.
struct HealthVerdict: Sendable, Equatable {
    enum Standing: String, Sendable, Codable {
        case ready
        case degraded
        case notReady
    }

    var reasons: [HealthReason]

    /// Whether the worker can take work.
    var isReady: Bool { reasons.allSatisfy { $0.severity == .degraded } }

    var standing: Standing {
        if reasons.isEmpty { return .ready }
        return isReady ? .degraded : .notReady
    }
}

/// From when on something counts as too long.
public struct HealthThresholds: Sendable {
    /// Something waits and nothing moves.
    public var stall: Duration = .seconds(60)
    /// A partition's state is being read.
    public var restore: Duration = .seconds(120)
    /// Commits that fail in a row.
    public var commitFailures = 3
    /// A loop has not begun after the start: the worker waits for Kafka then, so this is long.
    public var start: Duration = .seconds(600)
    /// Calls of an account that the service did not answer, one after the other, from which on it counts as away.
    public var callFailures = 3
    /// How long a failure of calls or downloads is remembered when no further call is made.
    public var memory: Duration = .seconds(900)
    /// The engine has not answered a question.
    public var answer: Duration = .seconds(5)

    /// Creates the defaults.
    public init() {}
}
