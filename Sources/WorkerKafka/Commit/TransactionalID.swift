import WorkerRuntime

/// The transactional id of a worker, and another one when its coordinator does not accept it; for
/// `TransactionalCommitter`.
///
/// A transaction that hangs at the broker blocks its id for ever, and so does a coordinator without a leader; another id
/// has neither. The group's generation fences commits, whatever the id is. A missing right is different: ids are
/// permitted by their prefix, and where they are not, another one would be denied too.
struct TransactionalID {
    private let base: String
    /// How long and how often the id is tried before another one is used: an earlier transaction may take its time-out
    /// to end. Twice as long after each change, so that an unavailable coordinator does not see ever more ids.
    private let patience: Duration
    private static let tries = 3

    private var number = 0
    private var mayChange = true
    private var changes = 0
    private var failures = 0
    private var failing: ContinuousClock.Instant?

    init(_ base: String, patience: Duration) {
        self.base = base
        self.patience = patience
    }

    /// The id at present. The others begin with the first one, which a right on a prefix covers.
    var text: String { number == 0 ? base : "\(base)~\(number)" }

    /// The producer is ready under this id.
    mutating func worked() {
        changes = 0
        failures = 0
        failing = nil
        mayChange = true
    }

    /// The producer is not ready.
    ///
    /// - Returns: whether the id is another one now.
    mutating func failed(_ cause: Failure, at now: ContinuousClock.Instant) -> Bool {
        switch cause {
        case .elsewhere:
            failures = 0
            failing = nil
            return false
        case .denied:
            guard number > 0 else { return false }
            // Only the first one is permitted.
            number = 0
            mayChange = false
            return true
        case .coordinator:
            failures += 1
            let since = failing ?? now
            failing = since
            guard mayChange, failures >= Self.tries, since.duration(to: now) >= patience * (1 << min(changes, 6))
            else { return false }
            number += 1
            changes += 1
            failures = 0
            failing = nil
            return true
        }
    }

    /// What a failure has to do with the id.
    enum Failure {
        /// Its coordinator does not accept it.
        case coordinator
        /// The right on it is missing.
        case denied
        /// Nothing: brokers are unreachable, or refuse the client.
        case elsewhere

        init(_ cause: LogProblem.Cause) {
            self =
                switch cause {
                case .transactionalIDRights: .denied
                // `other` includes the answers of a coordinator that is unavailable.
                case .hangingTransaction, .other: .coordinator
                default: .elsewhere
                }
        }
    }
}
