import ExportCore

/// What is looked at each time.
struct HealthSample: Sendable {
    /// The engine's answer; `nil` when it gave none.
    var status: WorkerStatus?
    var heartbeats: [HeartbeatReading] = []
    /// Whether the consumer is in the group; `nil` when nobody can tell.
    var isGroupMember: Bool?
    var connectionProblem: String?
    /// Commits stored since the start.
    var commits = 0
    /// Why the last commit failed.
    var commitFailure: String?
    /// Calls started and answered since the start.
    var calls = 0
    /// Calls of these accounts are held back because the service asked for that.
    var throttledAccounts: Set<String> = []
    /// API calls that failed one after the other, by account.
    var failingCalls: [String: CallActivity.Failing] = [:]
    /// Downloads that failed one after the other.
    var failingDownloads: CallActivity.Failing?
    /// Until when calls are held back, as far as that was told lately.
    var throttles: [CallActivity.Key: Instant] = [:]
    /// What was found out beside the engine.
    var reported = ReportedProblems.Figures()
    /// The newest look at the open jobs.
    var survey: JobSurvey?
    /// The clock that failures go by.
    var uptime: ContinuousClock.Instant = .now
    /// The wall clock, which the core's moments go by.
    var wallClock: Instant
}

/// Watches the worker over time: how long each thing has lasted, and what has not moved.
///
/// A value without a clock: time since the start arrives with each sample.
struct HealthWatch: Sendable {
    /// One stretch of time during which nothing changed.
    private struct Stretch: Sendable {
        var mark: [Int64]
        var since: Duration
    }

    private struct Assignment: Hashable, Sendable {
        var partition: Int32
        var epoch: Epoch
        var lifecycle: String
    }

    let thresholds: HealthThresholds
    private(set) var sample: HealthSample?
    /// The newest answer of the engine, which may be old.
    private(set) var lastStatus: WorkerStatus?
    private(set) var lastAnswer: Duration?
    private(set) var now: Duration = .zero
    private var hasJoined = false
    private var lifecycles: [Assignment: Duration] = [:]
    private var committing: Stretch?
    private var calls: [String: Stretch] = [:]
    private var intakes: [Int32: Stretch] = [:]

    init(_ thresholds: HealthThresholds) { self.thresholds = thresholds }

    // MARK: Taking

    mutating func take(_ sample: HealthSample, at now: Duration) {
        self.now = now
        self.sample = sample
        guard let status = sample.status else { return }
        lastStatus = status
        lastAnswer = now
        if !status.partitions.isEmpty { hasJoined = true }
        takeLifecycles(status)
        takeCommits(status, sample)
        takeCalls(status, sample)
        takeIntakes(status)
    }

    private mutating func takeLifecycles(_ status: WorkerStatus) {
        var kept: [Assignment: Duration] = [:]
        for partition in status.partitions {
            let key = Self.key(partition)
            kept[key] = lifecycles[key] ?? now
        }
        lifecycles = kept
    }

    private mutating func takeCommits(_ status: WorkerStatus, _ sample: HealthSample) {
        guard status.isCommitting || status.recordsGathering > 0 else { return committing = nil }
        let mark = [Int64(sample.commits)]
        if committing?.mark != mark { committing = Stretch(mark: mark, since: now) }
    }

    private mutating func takeCalls(_ status: WorkerStatus, _ sample: HealthSample) {
        var kept: [String: Stretch] = [:]
        for account in status.accounts {
            let waiting = Self.waiting(account)
            let mayCall =
                account.problem == nil && account.requestsPerSecond > 0 && !status.isStopping
                && !sample.throttledAccounts.contains(account.name)
            guard waiting > 0, mayCall else { continue }
            let mark = [Int64(waiting), Int64(status.callsInFlight), Int64(sample.calls), Int64(sample.commits)]
            let stretch = calls[account.name]
            kept[account.name] = stretch?.mark == mark ? stretch : Stretch(mark: mark, since: now)
        }
        calls = kept
    }

    private mutating func takeIntakes(_ status: WorkerStatus) {
        var kept: [Int32: Stretch] = [:]
        if status.intakePauses.isEmpty, !status.isStopping {
            for partition in status.partitions where partition.lifecycle == .active && partition.unread > 0 {
                let mark = [Int64(partition.epoch), partition.position]
                let stretch = intakes[partition.partition]
                kept[partition.partition] = stretch?.mark == mark ? stretch : Stretch(mark: mark, since: now)
            }
        }
        intakes = kept
    }

    // MARK: Asking

    /// How long the partition has had records to read, and has taken none; `nil` when it has nothing to read.
    func intakeAge(of partition: WorkerStatus.Partition) -> Duration? {
        intakes[partition.partition].map { now - $0.since }
    }

    /// How long the partition's assignment has stood where it stands.
    func age(of partition: WorkerStatus.Partition) -> Duration { now - (lifecycles[Self.key(partition)] ?? now) }

    /// How long a commit has been waited for; `nil` when none is.
    var commitAge: Duration? { committing.map { now - $0.since } }

    /// How long calls of the account have waited although it has a budget and nothing is in their way.
    func callAge(of account: WorkerStatus.Account) -> Duration? { calls[account.name].map { now - $0.since } }

    /// From when on waiting calls count as stuck: a small share of the budget makes long pauses.
    func callLimit(of account: WorkerStatus.Account) -> Duration {
        max(thresholds.stall, .seconds(3 / max(account.requestsPerSecond, 0.000_1)))
    }

    /// Whether the worker is in the group, as far as anybody can tell.
    var isJoined: Bool { sample?.isGroupMember ?? hasJoined }

    static func waiting(_ account: WorkerStatus.Account) -> Int {
        account.waiting.filter { $0.key != .download }.values.reduce(0, +)
    }

    private static func key(_ partition: WorkerStatus.Partition) -> Assignment {
        Assignment(
            partition: partition.partition,
            epoch: partition.epoch,
            lifecycle: partition.lifecycle.label
        )
    }
}
