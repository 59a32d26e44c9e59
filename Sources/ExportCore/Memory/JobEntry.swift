/// The present activity for a job outside the core.
enum Activity: UInt8 {
    /// Nothing; the job waits for its timer.
    case idle
    /// An effect is decided and waits for its record's commit or for its turn.
    case queued
    /// A call is in flight.
    case inFlight
}

/// The fixed part of a job in memory. Its strings are in the ``ByteArena``.
///
/// The widest fields come first to avoid padding, because there may be a million entries.
struct JobEntry {
    static let none = Int64.min

    var offset: Int64 = 0
    var accepted: Int64 = 0
    var submitted = none
    var ready = none
    var finished = none
    /// On the wall clock: the job's deadline; its `notBefore` while it is accepted; once it is finished, the end of its
    /// deduplication window.
    var limit = Int64.max
    /// On the monotonic clock: when the job's next poll or retry is due.
    var wake = Int64.max

    /// The job as it was enqueued; written once.
    var spec: ByteArena.Handle = 0
    /// Request id, URL, error and files; rewritten on each change.
    var details: ByteArena.Handle = 0
    /// The hash of the job's id.
    var hash: UInt32 = 0
    /// Where the job is in the two timer heaps.
    var wakePosition: UInt32 = .max
    var limitPosition: UInt32 = .max
    /// The life of the jobs partition that the offset belongs to.
    var generation: UInt32 = 0
    /// The call that is queued or in flight; a token with another call ID is stale.
    var callID: UInt32 = 0

    /// A job has at most 100 attempts.
    var attempt: UInt8 = 0
    var maxAttempts: UInt8 = 0
    var account: UInt16 = 0
    var phase = JobPhase.accepted
    var status: JobStatus?
    var cleanup = Cleanup.none
    var activity = Activity.idle
    /// Consecutive transient failures of the present call; sets the back-off.
    var failures: UInt8 = 0
    /// Consecutive polls that reported the export completed without a file.
    var anomalousPolls: UInt8 = 0
    /// Consecutive files that could not be used.
    var unusableFiles: UInt8 = 0
    private var flags = Flags()

    private struct Flags: OptionSet {
        var rawValue: UInt8 = 0

        static let maySubmitted = Flags(rawValue: 1)
        static let namedByAcceptance = Flags(rawValue: 2)
        static let adopted = Flags(rawValue: 4)
        static let notFoundOnce = Flags(rawValue: 8)
        static let transferring = Flags(rawValue: 16)
        static let payments = Flags(rawValue: 32)
        static let hasBatch = Flags(rawValue: 64)
        static let sharesColumns = Flags(rawValue: 128)

        mutating func set(_ flag: Flags, _ isSet: Bool) { if isSet { insert(flag) } else { remove(flag) } }
    }

    /// Which resource is exported. A separate byte would make the entry eight bytes larger.
    var kind: ExportKind {
        get { flags.contains(.payments) ? .payments : .transactionHistory }
        set { flags.set(.payments, newValue == .payments) }
    }

    /// Whether the job belongs to a batch, whose place is at the end of the spec.
    var hasBatch: Bool {
        get { flags.contains(.hasBatch) }
        set { flags.set(.hasBatch, newValue) }
    }

    /// Whether the details refer to columns that jobs share.
    var sharesColumns: Bool {
        get { flags.contains(.sharesColumns) }
        set { flags.set(.sharesColumns, newValue) }
    }

    /// Whether the POST of the present attempt may have reached the service.
    var maySubmitted: Bool {
        get { flags.contains(.maySubmitted) }
        set { flags.set(.maySubmitted, newValue) }
    }

    /// Whether the time of acceptance names the job's requests too.
    var namedByAcceptance: Bool {
        get { flags.contains(.namedByAcceptance) }
        set { flags.set(.namedByAcceptance, newValue) }
    }

    /// Whether the job adopted an export that existed already.
    var adopted: Bool {
        get { flags.contains(.adopted) }
        set { flags.set(.adopted, newValue) }
    }

    /// Whether the call in flight transfers the job's file.
    var isTransferring: Bool {
        get { flags.contains(.transferring) }
        set { flags.set(.transferring, newValue) }
    }

    /// Whether the last poll found no such export.
    var notFoundOnce: Bool {
        get { flags.contains(.notFoundOnce) }
        set { flags.set(.notFoundOnce, newValue) }
    }

    /// Whether the job has used four fifths of the time until its deadline. One without a deadline, one that waits for its
    /// `notBefore` and one that has ended are never late.
    func isLate(at now: Instant) -> Bool {
        guard phase != .accepted, phase != .finished, limit < Instant.distantFuture.milliseconds else { return false }
        let accepted = Instant(milliseconds: accepted)
        let whole = accepted.duration(to: Instant(milliseconds: limit)).wholeMilliseconds
        let passed = accepted.duration(to: now).wholeMilliseconds
        return whole > 0 && passed >= whole / 5 * 4
    }
}
