import ExportCore
import WorkerRuntime
import WorkerTelemetry

/// Follows the worker over time: how long each state has lasted, and what makes no progress.
///
/// A value without a clock: time since the start arrives with each sample.
struct HealthWatch: Sendable {
    /// A period without a change.
    private struct Standstill: Sendable {
        var mark: [Int64]
        var since: Duration
    }

    private struct Assignment: Hashable, Sendable {
        var partition: Int32
        var epoch: Epoch
        var lifecycle: String
    }

    let thresholds: HealthThresholds
    let texts: any OperatorTexts
    private(set) var sample: HealthSample?
    /// The engine's newest status, which may be old.
    private(set) var lastStatus: WorkerStatus?
    private(set) var lastAnswer: Duration?
    private(set) var now: Duration = .zero
    private var hasJoined = false
    private var lifecycles: [Assignment: Duration] = [:]
    private var committing: Standstill?
    private var calls: [String: Standstill] = [:]
    private var intakes: [Int32: Standstill] = [:]
    private var transactions: [Int32: Standstill] = [:]

    init(_ thresholds: HealthThresholds, texts: any OperatorTexts) {
        self.thresholds = thresholds
        self.texts = texts
    }

    // MARK: Updates

    mutating func update(with sample: HealthSample, at now: Duration) {
        self.now = now
        self.sample = sample
        guard let status = sample.status else { return }
        lastStatus = status
        lastAnswer = now
        if !status.partitions.isEmpty { hasJoined = true }
        updateLifecycles(status)
        updateCommits(status, sample)
        updateCalls(status, sample)
        updateIntakes(status)
        updateTransactions(status)
    }

    /// When a transaction ends, the beginning of the range that is held back moves.
    private mutating func updateTransactions(_ status: WorkerStatus) {
        var kept: [Int32: Standstill] = [:]
        for partition in status.partitions where partition.lifecycle == .active {
            guard let range = partition.keptBack else { continue }
            let mark = [Int64(partition.epoch), range.lowerBound]
            let standstill = transactions[partition.partition]
            kept[partition.partition] = standstill?.mark == mark ? standstill : Standstill(mark: mark, since: now)
        }
        transactions = kept
    }

    private mutating func updateLifecycles(_ status: WorkerStatus) {
        var kept: [Assignment: Duration] = [:]
        for partition in status.partitions {
            let key = Self.key(partition)
            kept[key] = lifecycles[key] ?? now
        }
        lifecycles = kept
    }

    private mutating func updateCommits(_ status: WorkerStatus, _ sample: HealthSample) {
        guard status.isCommitting || status.recordsGathering > 0 else { return committing = nil }
        let mark = [Int64(sample.commits)]
        if committing?.mark != mark { committing = Standstill(mark: mark, since: now) }
    }

    private mutating func updateCalls(_ status: WorkerStatus, _ sample: HealthSample) {
        var kept: [String: Standstill] = [:]
        for account in status.accounts {
            let waiting = Self.waiting(account)
            let mayCall =
                account.problem == nil && account.requestsPerSecond > 0 && !status.isStopping
                && !sample.throttledAccounts.contains(account.name)
            guard waiting > 0, mayCall else { continue }
            let mark = [Int64(waiting), Int64(status.callsInFlight), Int64(sample.calls), Int64(sample.commits)]
            let standstill = calls[account.name]
            kept[account.name] = standstill?.mark == mark ? standstill : Standstill(mark: mark, since: now)
        }
        calls = kept
    }

    private mutating func updateIntakes(_ status: WorkerStatus) {
        var kept: [Int32: Standstill] = [:]
        if status.intakePauses.isEmpty, !status.isStopping {
            for partition in status.partitions where partition.lifecycle == .active && partition.unread > 0 {
                let mark = [Int64(partition.epoch), partition.position]
                let standstill = intakes[partition.partition]
                kept[partition.partition] = standstill?.mark == mark ? standstill : Standstill(mark: mark, since: now)
            }
        }
        intakes = kept
    }

    // MARK: Ages

    /// How long the partition has had unread records and has read none; `nil` when it has none.
    func intakeAge(of partition: WorkerStatus.Partition) -> Duration? {
        intakes[partition.partition].map { now - $0.since }
    }

    /// How long an open transaction has held back the partition's records; `nil` when none does.
    func keptBackAge(of partition: WorkerStatus.Partition) -> Duration? {
        transactions[partition.partition].map { now - $0.since }
    }

    /// How long the partition's assignment has been in its present state.
    func age(of partition: WorkerStatus.Partition) -> Duration { now - (lifecycles[Self.key(partition)] ?? now) }

    /// The age of the commit in progress; `nil` without one.
    var commitAge: Duration? { committing.map { now - $0.since } }

    /// How long calls of the account have waited without progress although it has budget.
    func callAge(of account: WorkerStatus.Account) -> Duration? { calls[account.name].map { now - $0.since } }

    /// The age after which waiting calls count as stuck: with a small share of the budget, pauses are long.
    func callLimit(of account: WorkerStatus.Account) -> Duration {
        max(thresholds.stall, .seconds(3 / max(account.requestsPerSecond, 0.000_1)))
    }

    /// Whether the worker is in the group, as far as is known.
    var isJoined: Bool { sample?.isGroupMember ?? hasJoined }

    static func waiting(_ account: WorkerStatus.Account) -> Int {
        account.waiting.filter { $0.key != .download }.values.reduce(0, +)
    }

    private static func key(_ partition: WorkerStatus.Partition) -> Assignment {
        Assignment(
            partition: partition.partition,
            // A failed restore begins again with another epoch and counts as the same wait.
            epoch: partition.lifecycle == .restoring ? 0 : partition.epoch,
            lifecycle: partition.lifecycle.label
        )
    }
}
