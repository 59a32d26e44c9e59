/// What an export holds: one of the two resources of the payout service.
public enum ExportKind: UInt8, Hashable, Sendable, CaseIterable {
    /// One row per earning and its transaction (`transactionHistory`).
    case transactionHistory = 1
    /// One row per payment (`payments`).
    case payments = 2
}

/// The format of an export's file.
public enum FileFormat: UInt8, Hashable, Sendable, CaseIterable {
    /// Comma-separated values.
    case csv = 1
    /// Tab-separated values.
    case tsv = 2
}

/// The W3C trace context that a job's record carried; passed through to its completion event.
public struct TraceContext: Hashable, Sendable {
    /// The `traceparent` header.
    public var parent: String
    /// The `tracestate` header, where there was one.
    public var state: String?

    /// Creates a trace context.
    public init(parent: String, state: String? = nil) {
        self.parent = parent
        self.state = state
    }
}

/// A valid export job: the document of the jobs topic with defaults applied.
public struct ExportJob: Hashable, Sendable {
    /// The idempotency key of the job.
    public var id: String
    /// Which resource is exported.
    public var kind: ExportKind
    /// The OData filter as it is sent to the service; `nil` for all rows.
    public var filter: String?
    /// The file's format.
    public var fileFormat: FileFormat
    /// The name of the configured credentials to use.
    public var account: String
    /// The export is not submitted earlier.
    public var notBefore: Instant?
    /// After this time the job ends as failed; `nil` for the configured default.
    public var deadline: Instant?
    /// How many exports may be queued for this job when the service ends them as Failed.
    public var maxAttempts: Int
    /// An export that exists already at the service and is only waited for.
    public var adoptedRequestID: String?
    /// The job's `metadata` object as compact JSON with sorted keys; `nil` when there is none.
    /// The core passes it through without reading it.
    public var metadataJSON: String?
    /// The batch that the job belongs to; `nil` for a job of its own.
    public var batch: JobBatch?
    /// The id of the job that this one repeats; `nil` for a job of its own.
    public var retryOf: String?
    /// The trace context of the job's record. Not part of the job's content.
    public var trace: TraceContext?

    /// Creates a job; the defaults are those of the job document.
    public init(
        id: String,
        kind: ExportKind,
        filter: String? = nil,
        fileFormat: FileFormat = .csv,
        account: String = "default",
        notBefore: Instant? = nil,
        deadline: Instant? = nil,
        maxAttempts: Int = 3,
        adoptedRequestID: String? = nil,
        metadataJSON: String? = nil,
        batch: JobBatch? = nil,
        retryOf: String? = nil,
        trace: TraceContext? = nil
    ) {
        self.id = id
        self.kind = kind
        self.filter = filter
        self.fileFormat = fileFormat
        self.account = account
        self.notBefore = notBefore
        self.deadline = deadline
        self.maxAttempts = maxAttempts
        self.adoptedRequestID = adoptedRequestID
        self.metadataJSON = metadataJSON
        self.batch = batch
        self.retryOf = retryOf
        self.trace = trace
    }

    /// Whether `other` asks for the same work: everything but the trace context.
    public func hasSameContent(as other: ExportJob) -> Bool {
        var (left, right) = (self, other)
        left.trace = nil
        right.trace = nil
        return left == right
    }
}
