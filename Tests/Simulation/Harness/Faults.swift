/// The faults of a simulation. Each can be disabled, to find out which of them a failure needs.
public struct Faults: OptionSet, Sendable, Hashable {
    /// One bit per fault.
    public let rawValue: UInt32

    /// Creates a set of faults.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    init(bit: UInt32) { rawValue = 1 << bit }

    /// Workers crash between two steps.
    public static let crash = Faults(bit: 0)
    /// Workers pause and resume after their partitions were assigned to others.
    public static let freeze = Faults(bit: 1)
    /// Workers join and leave regularly.
    public static let scaling = Faults(bit: 2)
    /// Transactions abort.
    public static let abort = Faults(bit: 3)
    /// The outcome of a transaction is unknown, and its producer is fenced.
    public static let unknownOutcome = Faults(bit: 4)
    /// State partitions are compacted.
    public static let compaction = Faults(bit: 5)
    /// 429.
    public static let throttling = Faults(bit: 6)
    /// 5xx and time-outs before the call had its effect.
    public static let errorBefore = Faults(bit: 7)
    /// 5xx and time-outs after the call had its effect.
    public static let errorAfter = Faults(bit: 8)
    /// Answers that take a minute.
    public static let slow = Faults(bit: 9)
    /// Credentials are refused for a while.
    public static let accountRefused = Faults(bit: 10)
    /// An account is locked until its credentials change.
    public static let accountLocked = Faults(bit: 11)
    /// Exports are deleted by another program.
    public static let vanish = Faults(bit: 12)
    /// Unknown states, Completed without a URL, exports that are not visible at once. Its name is `oddity`.
    public static let anomaly = Faults(bit: 13)
    /// Exports end as Failed.
    public static let exportFailed = Faults(bit: 14)
    /// Clocks of workers jump.
    public static let clock = Faults(bit: 15)
    /// Cancel commands.
    public static let cancel = Faults(bit: 16)
    /// The same job again, or another one with its id.
    public static let repetition = Faults(bit: 17)
    /// Jobs that the service refuses, jobs that cannot be read, unknown accounts.
    public static let refusal = Faults(bit: 18)
    /// Downloads have transient failures, URLs expire.
    public static let download = Faults(bit: 19)
    /// The service creates a second export for a repeated request.
    public static let notIdempotent = Faults(bit: 20)
    /// The group's offsets expire while no worker runs.
    public static let offsetsLost = Faults(bit: 21)
    /// `notBefore`, deadlines, adopted exports.
    public static let timing = Faults(bit: 22)
    /// All calls of an account, or a share of them, are refused because multi-factor authentication is required.
    public static let mfaRefused = Faults(bit: 23)

    /// Records that are larger than their topic accepts.
    public static let oversized = Faults(bit: 24)
    /// Records that the brokers refuse whatever their size.
    public static let refusedRecords = Faults(bit: 25)
    /// The file store accepts no files for a while.
    public static let store = Faults(bit: 26)

    /// Jobs in batches: complete ones, and ones with missing, surplus or refused jobs.
    public static let batches = Faults(bit: 27)

    /// Commands that pause and resume jobs: with and without a time, for all jobs or some, with and without calls.
    public static let pauses = Faults(bit: 28)

    /// Names, in the order of their bits.
    public static let names: [String] = [
        "crash", "freeze", "scaling", "abort", "unknown-outcome", "compaction", "throttling", "error-before",
        "error-after", "slow", "account-refused", "account-locked", "vanish", "oddity", "export-failed", "clock",
        "cancel", "repetition", "refusal", "download", "not-idempotent", "offsets-lost", "timing",
        "mfa-refused", "oversized", "refused-records", "store",
        "batches", "pauses",
    ]

    /// All faults.
    public static let all = Faults(rawValue: (1 << UInt32(names.count)) - 1)

    /// The fault of that name.
    public init?(name: String) {
        guard let bit = Faults.names.firstIndex(of: name) else { return nil }
        self.init(bit: UInt32(bit))
    }

    /// The names of the faults in the set.
    public var list: [String] {
        Faults.names.indices.filter { contains(Faults(bit: UInt32($0))) }.map { Faults.names[$0] }
    }
}
