/// Which jobs a list contains. A job must meet every condition that is set.
public struct JobFilter: Hashable, Sendable {
    /// The phases of open jobs; ``JobPhase/finished`` stands for every end.
    public var phases: Set<JobPhase> = []
    /// The ends of finished jobs. Without phases and ends, jobs of every state are listed.
    public var statuses: Set<JobStatus> = []
    /// The account that the job names.
    public var account: String?
    /// The id of the job's batch.
    public var batch: String?
    /// Which resource is exported.
    public var kind: ExportKind?
    /// A text in the job's id, its request id or its metadata, without regard to the case of ASCII letters.
    public var text: String?
    /// Only jobs that were accepted at this time or earlier.
    public var acceptedUntil: Instant?
    /// Only jobs that were accepted at this time or later.
    public var acceptedSince: Instant?
    /// Only jobs that have used four fifths of the time until their deadline.
    public var onlyLate = false

    /// Creates a filter that every job meets.
    public init() {}
}

/// A filter with the accounts of one worker, for many comparisons.
struct JobMatcher {
    private let filter: JobFilter
    private let now: Instant
    private let text: SearchText?
    /// The account's place in the configuration; `nil` where it is not configured.
    private let account: Int?
    private let accounts: Int
    private let isAnyState: Bool
    /// The place of the filter's batch in the partition whose jobs are compared.
    var batch: JobBatchTable.Index?

    init(_ filter: JobFilter, accounts: [String], at now: Instant) {
        self.filter = filter
        self.now = now
        text = filter.text.map { SearchText($0) }
        account = filter.account.flatMap { accounts.firstIndex(of: $0) }
        self.accounts = accounts.count
        isAnyState = filter.phases.isEmpty && filter.statuses.isEmpty
    }

    /// Whether a job meets the conditions, the cheap ones first.
    func matches(_ entry: borrowing JobEntry, _ arena: borrowing ByteArena) -> Bool {
        guard hasState(entry) else { return false }
        if let kind = filter.kind, entry.kind != kind { return false }
        if let limit = filter.acceptedUntil, entry.accepted > limit.milliseconds { return false }
        if let limit = filter.acceptedSince, entry.accepted < limit.milliseconds { return false }
        if filter.onlyLate, !entry.isLate(at: now) { return false }
        if filter.batch != nil {
            guard let batch, entry.hasBatch, arena.withBytes(entry.spec, { JobSpecCodec.batch($0) }) == batch else {
                return false
            }
        }
        guard hasAccount(entry, arena) else { return false }
        guard let text else { return true }
        if arena.withBytes(entry.spec, { JobSpecCodec.contains(text, in: $0) }) { return true }
        guard entry.details != 0 else { return false }
        return arena.withBytes(entry.details) { JobDetails.contains(text, in: $0) }
    }

    /// The most that a comparison costs, in units of about ten nanoseconds.
    func cost(of entry: borrowing JobEntry, _ arena: borrowing ByteArena) -> Int {
        var cost = 1
        if filter.batch != nil { cost += 1 }
        if filter.account != nil, account == nil { cost += 4 }
        if text != nil { cost += 3 + entry.textBytes(arena) / 8 }
        return cost
    }

    private func hasState(_ entry: borrowing JobEntry) -> Bool {
        if isAnyState { return true }
        if filter.phases.contains(entry.phase) { return true }
        guard let status = entry.status else { return false }
        return filter.statuses.contains(status)
    }

    private func hasAccount(_ entry: borrowing JobEntry, _ arena: borrowing ByteArena) -> Bool {
        guard let name = filter.account else { return true }
        if let account { return Int(entry.account) == account }
        // Accounts that are not configured share one number.
        guard Int(entry.account) >= accounts else { return false }
        return arena.withBytes(entry.spec) { JobSpecCodec.isOf(account: name, $0) }
    }
}

extension JobEntry {
    /// Bytes of the job's texts, without columns that jobs share.
    fileprivate func textBytes(_ arena: borrowing ByteArena) -> Int {
        arena.withBytes(spec) { $0.count } + (details == 0 ? 0 : arena.withBytes(details) { $0.count })
    }

    /// The cost of listing the job, in the same units: its record is decoded.
    func costOfView(_ arena: borrowing ByteArena) -> Int { 100 + textBytes(arena) / 4 }
}
