/// The configuration of the decisions.
public struct CoreConfiguration: Sendable {
    /// How many accounts there can be.
    public static let maxAccounts = Int(UInt16.max) - 1

    /// The configured accounts' names. Those beyond ``maxAccounts`` are left out.
    public var accounts: [String] = ["default"] {
        didSet { if accounts.count > Self.maxAccounts { accounts.removeLast(accounts.count - Self.maxAccounts) } }
    }
    /// The accounts whose jobs must have a filter, unless they adopt an existing export.
    public var accountsRequiringFilter: Set<String> = []
    /// The first wait between two polls of one export.
    public var pollMinInterval: Duration = .seconds(5)
    /// The longest wait between two polls of one export.
    public var pollMaxInterval: Duration = .seconds(300)
    /// The default deadline, counted from the later of acceptance and `notBefore`.
    public var jobTimeout: Duration = .seconds(26 * 3_600)
    /// How long a finished job's id is remembered.
    public var deduplicationWindow: Duration = .seconds(24 * 3_600)
    /// How long decisions are batched before they are committed together.
    public var commitInterval: Duration = .milliseconds(50)
    /// Whether a batch is stored completely or not at all. If not, a crash may leave the first part of a batch.
    public var commitsAreAtomic = true
    /// The number of records at which a batch is committed at once.
    public var maxBatchRecords = 10_000
    /// Bytes of dead letters at which a batch is committed at once. Intake pauses at twice that.
    public var maxBatchBytes = 8 << 20
    /// Accepted jobs that are not submitted yet at which intake pauses. Those of paused accounts count only
    /// when they are ten times as many.
    public var maxPending = 10_000
    /// API calls in flight at the same time.
    public var maxConcurrentRequests = 64
    /// Downloads that run at the same time. About as many more may be suspended.
    public var maxConcurrentDownloads = 4
    /// How long a download runs before it yields to another that waits.
    public var downloadTurn: Duration = .seconds(10)
    /// The first wait before a download tries a file store that accepted no files; doubles up to a minute.
    public var storeProbeInterval: Duration = .seconds(5)
    /// The fleet's budget of API calls per account and second.
    public var requestsPerSecond: [Double] = [20]
    /// Whether files are stored in a file store; otherwise the service's URL is passed through.
    public var storesFiles = false
    /// Whether the export is deleted at the service once its file is stored.
    public var deletesAfterDownload = false
    /// The first wait before a call is repeated after a transient failure.
    public var retryMinInterval: Duration = .seconds(1)
    /// The longest wait before a call is repeated after a transient failure.
    public var retryMaxInterval: Duration = .seconds(300)
    /// Consecutive polls with `Completed` and no URL after which the export counts as failed.
    public var maxPollsWithoutURL = 60
    /// Consecutive unusable files after which the job fails.
    public var maxUnusableFiles = 6
    /// How often the file store may refuse a batch's manifest before the batch's event is published without it. With the
    /// waits in between, the last refusal comes about two minutes after the first.
    public var maxManifestRefusals = 8
    /// The first wait before a paused account's credentials are probed; doubles up to ten minutes.
    public var accountProbeInterval: Duration = .seconds(30)
    /// The intake breaker's window, threshold and pause.
    public var breaker = IntakeBreaker.Configuration()
    /// The enabled checks: all of them, except in tests of the simulation itself.
    package var safeguards = Safeguards()

    /// Creates the defaults.
    public init() {}
}

/// Checks that tests disable, to prove that the simulation detects their absence.
package struct Safeguards: Sendable, Equatable {
    /// Drops late answers of an earlier epoch.
    package var epochCheck = true
    /// Delays effects until the record that announces them is committed.
    package var recordsFirst = true
    /// Does not run a known job id again.
    package var deduplication = true
    /// Commits the positions of the partitions that a transaction touches with it.
    package var offsetsInTransaction = true
    /// Suspends a download after its turn when another waits.
    package var downloadTurns = true
    /// Publishes the event of a batch with the end of its last job.
    package var batchEvents = true
    /// Remembers the jobs of a batch until the batch is forgotten.
    package var batchRetention = true
    /// Ends a batch at its own deadline, whatever those of its jobs are.
    package var batchDeadline = true
    /// Holds calls back while they are paused.
    package var pauses = true
    /// Ends a pause when its end is committed, not when it is decided.
    package var endsOfPauses = true

    /// All enabled.
    package init() {}
}
