/// What is being done for a job right now, outside the core.
enum Activity: UInt8 {
    /// Nothing; the job's timer says what comes next.
    case idle
    /// An effect is decided and waits for its record's commit or for its turn.
    case queued
    /// A call is under way.
    case inFlight
}

/// The fixed part of a job in memory. Its strings lie in the ``ByteArena``.
///
/// Laid out widest fields first; a million of them are kept.
struct JobEntry {
    static let none = Int64.min

    var offset: Int64 = 0
    var accepted: Int64 = 0
    var submitted = none
    var ready = none
    var finished = none
    var deadline = Int64.max
    /// When the job's timer fires.
    var wake = Int64.max

    /// The job as it was enqueued; written once.
    var spec: ByteArena.Handle = 0
    /// Request id, URL, error and files; rewritten as they come.
    var details: ByteArena.Handle = 0
    /// The hash of the job's id.
    var hash: UInt32 = 0
    /// Where the job stands in the timer heap.
    var heapPosition: UInt32 = .max
    /// The effect that is queued or under way; a token with another ticket is stale.
    var ticket: UInt32 = 0

    var attempt: UInt16 = 0
    var maxAttempts: UInt16 = 0
    var account: UInt16 = 0
    var phase = JobPhase.accepted
    var kind = ExportKind.transactionHistory
    var status: JobStatus?
    var cleanup = Cleanup.none
    var activity = Activity.idle
    /// Passing failures in a row of the present call; sets the back-off.
    var failures: UInt8 = 0
    /// Looks in a row that showed an oddity: completed without a URL, or not found.
    var oddLooks: UInt8 = 0
    /// Whether the POST of the present attempt may have reached the service.
    var maySubmitted = false
    /// Whether the moment of acceptance names the job's requests too.
    var namedByAcceptance = false
    /// Whether the job adopted an export that existed already.
    var adopted = false
}
