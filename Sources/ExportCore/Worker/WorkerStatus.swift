/// How a worker stands: for health, metrics and people.
public struct WorkerStatus: Sendable {
    /// One assigned partition.
    public struct Partition: Sendable {
        /// Its number.
        public var partition: Int32
        /// Which assignment of it this is.
        public var epoch: Epoch
        /// Where its assignment stands.
        public var lifecycle: PartitionLifecycle
        /// The next offset of the jobs partition that is not decided.
        public var position: Int64
        /// Records of the jobs partition that could be read and are not decided, as far as is known.
        public var unread: Int64 = 0
        /// Jobs by phase.
        public var jobs: [JobPhase: Int]
        /// When its next timer fires.
        public var nextWake: Instant?
    }

    /// One configured account.
    public struct Account: Sendable {
        /// Its name.
        public var name: String
        /// Why it is paused; `nil` while it works.
        public var problem: AccountProblem?
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
    /// API calls under way.
    public var callsInFlight: Int
    /// Downloads under way.
    public var downloadsInFlight: Int
    /// Records that wait for their commit.
    public var recordsGathering: Int
    /// Commits that failed in a row.
    public var commitFailures: Int
    /// Whether a commit is under way or waits for its repetition.
    public var isCommitting: Bool
    /// Partitions of the jobs topic.
    public var partitionCount: Int
    /// Whether the worker is stopping.
    public var isStopping: Bool
}

extension WorkerMachine {
    /// How the worker stands now.
    public func status() -> WorkerStatus {
        WorkerStatus(
            partitions: slots.compactMap { slot in slot.map { Self.status(of: $0) } },
            accounts: configuration.accounts.indices.map { scheduler.status(ofAccount: $0) },
            intakePauses: pauses,
            callsInFlight: scheduler.callsInFlight,
            downloadsInFlight: scheduler.downloadsInFlight,
            recordsGathering: batches.backlog,
            commitFailures: batches.failures,
            isCommitting: batches.isCommitting,
            partitionCount: partitionCount,
            isStopping: stopping != .no
        )
    }

    private static func status(of slot: PartitionSlot) -> WorkerStatus.Partition {
        var jobs: [JobPhase: Int] = [:]
        for phase in JobPhase.allCases { jobs[phase] = slot.machine.count(of: phase) }
        return WorkerStatus.Partition(
            partition: slot.machine.partition,
            epoch: slot.machine.epoch,
            lifecycle: slot.lifecycle,
            position: slot.machine.position,
            unread: slot.unreadUpTo.map { max(0, $0 - slot.machine.position) } ?? 0,
            jobs: jobs,
            nextWake: slot.machine.table.nextWake
        )
    }

    /// The newest record of a job that one of this worker's partitions knows.
    public func record(ofJob id: String) -> (partition: Int32, record: JobRecord)? {
        for index in slots.indices {
            guard let place = slots[index]?.machine.table.find(id), let record = slots[index]?.machine.record(of: place)
            else { continue }
            return (Int32(index), record)
        }
        return nil
    }
}

extension CallScheduler {
    func status(ofAccount account: Int) -> WorkerStatus.Account {
        var waiting: [CallKind: Int] = [:]
        for kind in CallKind.allCases { waiting[kind] = self.waiting(account: account, kind: kind) }
        return WorkerStatus.Account(
            name: name(ofAccount: account),
            problem: problem(ofAccount: account),
            waiting: waiting,
            requestsPerSecond: rate(ofAccount: account)
        )
    }
}
