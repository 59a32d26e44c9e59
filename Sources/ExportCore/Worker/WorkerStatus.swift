/// The state of a worker, for health checks, metrics and people.
public struct WorkerStatus: Sendable {
    /// One assigned partition.
    public struct Partition: Sendable {
        /// Its number.
        public var partition: Int32
        /// The epoch of its assignment.
        public var epoch: Epoch
        /// The state of its assignment.
        public var lifecycle: PartitionLifecycle
        /// The next offset of the jobs partition that is not decided.
        public var position: Int64
        /// Records of the jobs partition that can be read and are not decided, as last reported.
        public var unread: Int64 = 0
        /// Offsets of the jobs partition that an open transaction holds back, as last reported.
        public var keptBack: Range<Int64>?
        /// Jobs by phase.
        public var jobs: [JobPhase: Int]
        /// Batches that have not ended.
        public var openBatches = 0
        /// The pauses in effect.
        public var pauses: [JobPause] = []
        /// When its next timer fires.
        public var nextWake: Instant?
    }

    /// One configured account.
    public struct Account: Sendable {
        /// Its name.
        public var name: String
        /// Why it is paused; `nil` while it works.
        public var problem: AccountProblem?
        /// The share of its recent calls that the service refused because multi-factor authentication is required,
        /// while others succeeded.
        public var refusedShare: Double?
        /// Calls that wait for their turn.
        public var waiting: [CallKind: Int]
        /// API calls a second that this worker may make for it.
        public var requestsPerSecond: Double
    }

    /// The assigned partitions, in order.
    public var partitions: [Partition]
    /// The configured accounts, in order.
    public var accounts: [Account]
    /// Why no new jobs are taken; empty when they are.
    public var intakePauses: Set<IntakePause>
    /// Whether intake continues although nearly every job is refused, because it was paused for the longest time.
    public var refusalsContinue = false
    /// API calls in flight.
    public var callsInFlight: Int
    /// Downloads that run.
    public var downloadsInFlight: Int
    /// Downloads that wait for their turn, with those that are suspended.
    public var downloadsWaiting = 0
    /// Why the file store accepts no files; `nil` while it does.
    public var storeProblem: String?
    /// Records that wait for their commit.
    public var recordsGathering: Int
    /// Consecutive failed commits.
    public var commitFailures: Int
    /// Whether a commit is in flight or waits to be retried.
    public var isCommitting: Bool
    /// Partitions of the jobs topic.
    public var partitionCount: Int
    /// Whether the worker is stopping.
    public var isStopping: Bool
}

extension WorkerMachine {
    /// The worker's present state.
    public func status() -> WorkerStatus {
        WorkerStatus(
            partitions: slots.indices.compactMap { slots[$0].map { status(of: $0) } },
            accounts: configuration.accounts.indices.map { scheduler.status(ofAccount: $0) },
            intakePauses: pauses,
            refusalsContinue: breaker.isExhausted,
            callsInFlight: scheduler.callsInFlight,
            downloadsInFlight: scheduler.downloads.runningCount,
            downloadsWaiting: scheduler.downloads.waitingCount,
            storeProblem: scheduler.downloads.store.problem,
            recordsGathering: batches.backlog,
            commitFailures: batches.failures,
            isCommitting: batches.isCommitting,
            partitionCount: partitionCount,
            isStopping: stopping != .no
        )
    }

    private func status(of slot: PartitionSlot) -> WorkerStatus.Partition {
        var jobs: [JobPhase: Int] = [:]
        for phase in JobPhase.allCases { jobs[phase] = slot.machine.count(of: phase) }
        return WorkerStatus.Partition(
            partition: slot.machine.partition,
            epoch: slot.machine.epoch,
            lifecycle: slot.lifecycle,
            position: slot.machine.position,
            unread: slot.end.unreadUpTo.map { max(0, $0 - slot.machine.position) } ?? 0,
            keptBack: slot.end.keptBack,
            jobs: jobs,
            openBatches: slot.machine.batches.openCount,
            pauses: slot.machine.pauses.pauses,
            nextWake: lastTime.flatMap { time in slot.machine.nextTimer(at: time).map { time.wall(at: $0) } }
        )
    }
}

extension CallScheduler {
    func status(ofAccount account: Int) -> WorkerStatus.Account {
        var waiting: [CallKind: Int] = [:]
        // Manifests wait among the downloads.
        for kind in CallKind.ofJobs { waiting[kind] = self.waiting(account: account, kind: kind) }
        return WorkerStatus.Account(
            name: name(ofAccount: account),
            problem: problem(ofAccount: account),
            refusedShare: accounts[account].mfa.share,
            waiting: waiting,
            requestsPerSecond: rate(ofAccount: account)
        )
    }
}
