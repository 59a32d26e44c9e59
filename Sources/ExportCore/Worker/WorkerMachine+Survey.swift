/// What a look at every open job finds. Unlike ``WorkerStatus`` it is not counted as jobs go by, so it takes
/// time: some ten milliseconds for a million jobs.
public struct JobSurvey: Sendable {
    /// What jobs are counted by. All values of it are bounded.
    public struct Group: Hashable, Sendable {
        /// The account; `nil` for all that are not configured.
        public var account: String?
        /// Which resource is exported.
        public var kind: ExportKind
        /// Where the jobs stand; never finished.
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
        /// The service; it is looked at again then.
        case service(nextLook: Instant)
        /// The configuration of its account.
        case configuration
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
        /// Where it stands.
        public var phase: JobPhase
        /// Which attempt this is.
        public var attempt: Int
        /// The service's id of the present export, once it is known.
        public var requestID: String?
        /// When a worker first read the job.
        public var accepted: Instant
        /// When it ends as failed unless it has ended otherwise.
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
    /// Jobs of whose time four fifths are over, without those that wait for their `notBefore`.
    public var lateCount = 0
    /// The one of them whose deadline comes first.
    public var mostLate: Job?

    /// Creates a survey that has seen nothing.
    public init() {}
}

extension WorkerMachine {
    /// Looks at every open job of the partitions in work.
    ///
    /// - Parameters:
    ///   - limit: how many of the oldest jobs are told one by one.
    ///   - now: the present moment, to tell which jobs are late.
    public func survey(oldest limit: Int, at now: Instant) -> JobSurvey {
        var gathering = SurveyGathering(accounts: configuration.accounts.count, limit: limit, now: now)
        for index in slots.indices where slots[index]?.isActive ?? false {
            slots[index]?.machine.table.forEachEntry { gathering.take($0, UInt32(index), $1) }
        }
        var survey = JobSurvey()
        for (place, count) in gathering.counts.enumerated() where count > 0 {
            let (account, kind, phase) = SurveyGathering.group(of: place)
            guard let kind = ExportKind(rawValue: kind), let phase = JobPhase(rawValue: phase) else { continue }
            let name = account < configuration.accounts.count ? configuration.accounts[account] : nil
            survey.counts[JobSurvey.Group(account: name, kind: kind, phase: phase)] = count
        }
        for phase in JobPhase.allCases {
            let moment = gathering.oldestByPhase[Int(phase.rawValue)]
            if moment != .max { survey.oldestAcceptance[phase] = Instant(milliseconds: moment) }
        }
        survey.oldest = gathering.oldest.compactMap { surveyed($0.slot, $0.place) }
        survey.lateCount = gathering.lateCount
        survey.mostLate = gathering.mostLate.flatMap { surveyed($0.slot, $0.place) }
        return survey
    }

    private func surveyed(_ slot: UInt32, _ place: JobTable.Index) -> JobSurvey.Job? {
        guard let record = slots[Int(slot)]?.machine.record(of: place),
            let entry = slots[Int(slot)]?.machine.table[place]
        else { return nil }
        return JobSurvey.Job(
            id: record.job.id,
            partition: Int32(slot),
            account: record.job.account,
            kind: record.job.kind,
            phase: record.phase,
            attempt: record.attempt,
            requestID: record.requestID,
            accepted: record.times.accepted,
            deadline: Instant(milliseconds: entry.deadline),
            wait: wait(of: entry)
        )
    }

    private func wait(of entry: JobEntry) -> JobSurvey.Wait {
        guard Int(entry.account) < configuration.accounts.count else { return .configuration }
        let wake = Instant(milliseconds: entry.wake)
        let call: CallKind
        switch entry.phase {
        case .accepted: return .notBefore(wake)
        case .submitting: call = .create
        case .waiting: call = .poll
        case .ready, .finished: call = .download
        }
        switch entry.activity {
        case .queued: return .turn(call)
        case .inFlight: return .answer(call)
        case .idle: return entry.failures == 0 && call == .poll ? .service(nextLook: wake) : .repetition(call, at: wake)
        }
    }
}

/// Gathers a survey: numbers only, names come afterwards and for a few.
private struct SurveyGathering {
    struct Found {
        var slot: UInt32
        var place: JobTable.Index
        var moment: Int64
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

    mutating func take(_ place: JobTable.Index, _ slot: UInt32, _ entry: borrowing JobEntry) {
        guard entry.phase != .finished else { return }
        let phase = Int(entry.phase.rawValue)
        let account = min(Int(entry.account), accounts)
        counts[(account * Self.kinds + Int(entry.kind.rawValue)) * Self.phases + phase] += 1
        if entry.accepted < oldestByPhase[phase] { oldestByPhase[phase] = entry.accepted }
        let accepted = entry.accepted
        if limit > 0, oldest.count < limit || accepted < oldest[oldest.count - 1].moment {
            let found = Found(slot: slot, place: place, moment: accepted)
            let at = oldest.firstIndex { accepted < $0.moment } ?? oldest.count
            oldest.insert(found, at: at)
            if oldest.count > limit { oldest.removeLast() }
        }
        takeLate(place, slot, entry)
    }

    private mutating func takeLate(_ place: JobTable.Index, _ slot: UInt32, _ entry: borrowing JobEntry) {
        // A deadline that never comes is not approached.
        guard entry.phase != .accepted, entry.deadline < Instant.distantFuture.milliseconds else { return }
        let whole = entry.deadline - entry.accepted
        guard whole > 0, now - entry.accepted >= whole / 5 * 4 else { return }
        lateCount += 1
        let deadline = entry.deadline
        if mostLate.map({ deadline < $0.moment }) ?? true {
            mostLate = Found(slot: slot, place: place, moment: deadline)
        }
    }
}
