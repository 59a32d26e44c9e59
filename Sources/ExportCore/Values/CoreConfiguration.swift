/// What the decisions depend on.
public struct CoreConfiguration: Sendable {
    /// The configured accounts' names.
    public var accounts: [String] = ["default"]
    /// The first and the longest wait between two looks at one export.
    public var pollMinInterval: Duration = .seconds(5)
    /// See `pollMinInterval`.
    public var pollMaxInterval: Duration = .seconds(300)
    /// The default deadline, counted from acceptance.
    public var jobTimeout: Duration = .seconds(26 * 3_600)
    /// How long a finished job's id is remembered.
    public var deduplicationWindow: Duration = .seconds(24 * 3_600)
    /// How long records gather before they are committed together.
    public var commitInterval: Duration = .milliseconds(50)
    /// Whether a batch is stored wholly or not at all. Where it is not, a crash may leave its beginning behind.
    public var commitsAreAtomic = true
    /// Records in one transaction at the most; a fuller batch is committed at once.
    public var maxBatchRecords = 10_000
    /// Jobs accepted and not yet submitted before intake pauses. Those of paused accounts do not
    /// count until they are ten times as many.
    public var maxPending = 10_000
    /// API calls under way at once.
    public var maxConcurrentRequests = 64
    /// Downloads under way at once.
    public var maxConcurrentDownloads = 4
    /// The fleet's budget of API calls per account and second.
    public var requestsPerSecond: [Double] = [20]
    /// Whether files are brought into a file store; otherwise the service's URL is handed on.
    public var storesFiles = false
    /// Whether the export is deleted at the service once its file is stored.
    public var deletesAfterDownload = false
    /// The first and the longest wait before a call that failed in passing is repeated.
    public var retryMinInterval: Duration = .seconds(1)
    /// See `retryMinInterval`.
    public var retryMaxInterval: Duration = .seconds(300)
    /// How often `Completed` without a URL is looked at again before the export counts as failed.
    public var maxLooksWithoutURL = 60
    /// How often a paused account's credentials are tried again at first; doubles up to ten minutes.
    public var accountProbeInterval: Duration = .seconds(30)
    /// The intake breaker's window, threshold and pause.
    public var breaker = IntakeBreaker.Configuration()
    /// Which safeguards are on. All of them, but in tests of the simulation itself.
    public var safeguards = Safeguards()

    /// Creates the defaults.
    public init() {}
}

/// Switches that let the simulation prove that it would notice a missing safeguard.
/// Nothing but a test ever turns one off.
public struct Safeguards: Sendable, Equatable {
    /// Late answers of an earlier epoch are dropped.
    public var epochCheck = true
    /// Effects wait for the commit of the record that announces them.
    public var recordsFirst = true
    /// A job id that is known is not run again.
    public var deduplication = true
    /// A transaction carries the positions of the partitions that it touches.
    public var offsetsInTransaction = true

    /// All on.
    public init() {}
}
