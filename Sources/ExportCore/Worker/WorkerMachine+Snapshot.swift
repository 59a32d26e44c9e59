/// The open jobs at one time. Unlike ``WorkerStatus`` it visits every job, which takes some ten milliseconds for a
/// million jobs.
public struct JobSnapshot: Sendable {
    /// The group by which jobs are counted. The number of groups is bounded.
    public struct Group: Hashable, Sendable {
        /// The account; `nil` for all that are not configured.
        public var account: String?
        /// Which resource is exported.
        public var kind: ExportKind
        /// The phase of the jobs; never finished.
        public var phase: JobPhase

        /// Creates a group.
        public init(account: String?, kind: ExportKind, phase: JobPhase) {
            self.account = account
            self.kind = kind
            self.phase = phase
        }
    }

    /// What an open job waits for.
    public enum Wait: Hashable, Sendable {
        /// Its `notBefore`.
        case notBefore(Instant)
        /// The commit of what is decided, or the turn of its call.
        case turn(CallKind)
        /// The answer to its call.
        case answer(CallKind)
        /// The repetition of a call that failed.
        case repetition(CallKind, at: Instant)
        /// The service; the worker polls it again at this time.
        case service(nextPoll: Instant)
        /// The configuration of its account.
        case configuration
        /// The end of a pause, which holds this call back.
        case paused(CallKind, JobPause)
    }

    /// An open job.
    public struct Job: Hashable, Sendable {
        /// The job's id.
        public var id: String
        /// Its partition of the jobs topic.
        public var partition: Int32
        /// The account that it names.
        public var account: String
        /// Which resource is exported.
        public var kind: ExportKind
        /// Its phase.
        public var phase: JobPhase
        /// Which attempt this is.
        public var attempt: Int
        /// The service's id of the present export, once it is known.
        public var requestID: String?
        /// When a worker first read the job.
        public var accepted: Instant
        /// When it fails unless it has ended before.
        public var deadline: Instant
        /// What it waits for.
        public var wait: Wait

        /// Creates a job.
        public init(
            id: String,
            partition: Int32,
            account: String,
            kind: ExportKind,
            phase: JobPhase,
            attempt: Int,
            requestID: String?,
            accepted: Instant,
            deadline: Instant,
            wait: Wait
        ) {
            self.id = id
            self.partition = partition
            self.account = account
            self.kind = kind
            self.phase = phase
            self.attempt = attempt
            self.requestID = requestID
            self.accepted = accepted
            self.deadline = deadline
            self.wait = wait
        }
    }

    /// Open jobs.
    public var counts: [Group: Int] = [:]
    /// The jobs that have been open for the longest time, the oldest first.
    public var oldest: [Job] = []
    /// When the oldest open job of each phase was accepted.
    public var oldestAcceptance: [JobPhase: Instant] = [:]
    /// Jobs that have used four fifths of the time until their deadline, without those that wait for their `notBefore`.
    public var lateCount = 0
    /// The one of them whose deadline comes first.
    public var mostLate: Job?

    /// Creates an empty snapshot.
    public init() {}
}

extension WorkerMachine {
    /// Visits every open job of the active partitions.
    ///
    /// - Parameters:
    ///   - limit: how many of the oldest jobs are listed.
    ///   - now: the present time.
    public func jobSnapshot(oldest limit: Int, at now: EventTime) -> JobSnapshot {
        var gathering = SnapshotGathering(accounts: configuration.accounts.count, limit: limit, now: now.wall)
        for index in slots.indices where slots[index]?.isActive ?? false {
            slots[index]?.machine.table.forEachEntry { gathering.add($0, UInt32(index), $1) }
        }
        var snapshot = JobSnapshot()
        for (place, count) in gathering.counts.enumerated() where count > 0 {
            let (account, kind, phase) = SnapshotGathering.group(of: place)
            guard let kind = ExportKind(rawValue: kind), let phase = JobPhase(rawValue: phase) else { continue }
            let name = account < configuration.accounts.count ? configuration.accounts[account] : nil
            snapshot.counts[JobSnapshot.Group(account: name, kind: kind, phase: phase)] = count
        }
        for phase in JobPhase.allCases {
            let time = gathering.oldestByPhase[Int(phase.rawValue)]
            if time != .max { snapshot.oldestAcceptance[phase] = Instant(milliseconds: time) }
        }
        snapshot.oldest = gathering.oldest.compactMap { snapshotJob($0.slot, $0.place, at: now) }
        snapshot.lateCount = gathering.lateCount
        snapshot.mostLate = gathering.mostLate.flatMap { snapshotJob($0.slot, $0.place, at: now) }
        return snapshot
    }

    private func snapshotJob(_ slot: UInt32, _ place: JobTable.Index, at now: EventTime) -> JobSnapshot.Job? {
        guard let record = slots[Int(slot)]?.machine.record(of: place),
            let entry = slots[Int(slot)]?.machine.table[place],
            let deadline = slots[Int(slot)]?.machine.deadline(of: record)
        else { return nil }
        return JobSnapshot.Job(
            id: record.job.id,
            partition: Int32(slot),
            account: record.job.account,
            kind: record.job.kind,
            phase: record.phase,
            attempt: record.attempt,
            requestID: record.requestID,
            accepted: record.times.accepted,
            deadline: deadline,
            wait: wait(of: entry, Int(slot), at: now)
        )
    }

    func wait(of entry: JobEntry, _ slot: Int, at now: EventTime) -> JobSnapshot.Wait {
        guard Int(entry.account) < configuration.accounts.count else { return .configuration }
        let wake = now.wall(at: MonotonicInstant(milliseconds: entry.wake))
        let call: CallKind
        switch entry.phase {
        case .accepted: return .notBefore(Instant(milliseconds: entry.limit))
        case .submitting: call = .create
        case .waiting: call = .poll
        case .ready, .finished: call = .download
        }
        if let pause = slots[slot]?.machine.pause(holding: entry, call) { return .paused(call, pause) }
        switch entry.activity {
        case .queued: return .turn(call)
        case .inFlight: return .answer(call)
        case .idle: return entry.failures == 0 && call == .poll ? .service(nextPoll: wake) : .repetition(call, at: wake)
        }
    }
}

/// Gathers a snapshot as numbers. Only the few jobs that are listed get their names afterwards.
private struct SnapshotGathering {
    struct Found {
        var slot: UInt32
        var place: JobTable.Index
        var time: Int64
    }

    private static let kinds = 3
    private static let phases = 6
    private let accounts: Int
    private let limit: Int
    private let now: Int64
    private(set) var counts: [Int]
    private(set) var oldestByPhase = [Int64](repeating: .max, count: phases)
    private(set) var oldest: [Found] = []
    private(set) var lateCount = 0
    private(set) var mostLate: Found?

    init(accounts: Int, limit: Int, now: Instant) {
        self.accounts = accounts
        self.limit = limit
        self.now = now.milliseconds
        counts = [Int](repeating: 0, count: (accounts + 1) * Self.kinds * Self.phases)
    }

    static func group(of place: Int) -> (account: Int, kind: UInt8, phase: UInt8) {
        (place / (kinds * phases), UInt8(place / phases % kinds), UInt8(place % phases))
    }

    mutating func add(_ place: JobTable.Index, _ slot: UInt32, _ entry: borrowing JobEntry) {
        guard entry.phase != .finished else { return }
        let phase = Int(entry.phase.rawValue)
        let account = min(Int(entry.account), accounts)
        counts[(account * Self.kinds + Int(entry.kind.rawValue)) * Self.phases + phase] += 1
        if entry.accepted < oldestByPhase[phase] { oldestByPhase[phase] = entry.accepted }
        let accepted = entry.accepted
        if limit > 0, oldest.count < limit || accepted < oldest[oldest.count - 1].time {
            let found = Found(slot: slot, place: place, time: accepted)
            let at = oldest.firstIndex { accepted < $0.time } ?? oldest.count
            oldest.insert(found, at: at)
            if oldest.count > limit { oldest.removeLast() }
        }
        addIfLate(place, slot, entry)
    }

    private mutating func addIfLate(_ place: JobTable.Index, _ slot: UInt32, _ entry: borrowing JobEntry) {
        guard entry.isLate(at: Instant(milliseconds: now)) else { return }
        lateCount += 1
        let deadline = entry.limit
        if mostLate.map({ deadline < $0.time }) ?? true {
            mostLate = Found(slot: slot, place: place, time: deadline)
        }
    }
}
