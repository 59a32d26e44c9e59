/// The state of a job. `Life-of-a-job.md` lists the transitions.
public enum JobPhase: UInt8, Hashable, Sendable, CaseIterable {
    /// Accepted, nothing sent: waits for its `notBefore`. Exits: submitting, finished.
    case accepted = 1
    /// The intent to queue an export is recorded; the POST may have been sent. Exits: waiting, finished.
    case submitting = 2
    /// The service has the export; it is polled. Exits: submitting (next attempt), ready, finished.
    case waiting = 3
    /// The file exists at the service and is downloaded into the file store.
    /// Exits: finished; submitting, if the service reports the export as Failed after all.
    case ready = 4
    /// Its one completion event is published. Exits: forgotten (a tombstone), after the deduplication window.
    case finished = 5
}

/// What remains to be done at the service after the job has ended.
public enum Cleanup: UInt8, Hashable, Sendable {
    /// Nothing.
    case none = 0
    /// The POST may have been sent and its request id is not known: ask again with the same
    /// idempotency id to learn it, then delete.
    case findThenDelete = 1
    /// The export is to be deleted.
    case delete = 2
}

/// The times of a job's transitions.
public struct JobTimes: Hashable, Sendable {
    /// When a worker first read the job.
    public var accepted: Instant
    /// When the service accepted the present attempt's export. For an adopted one, when it received the request, once its
    /// file exists; until then, and where the service does not report it, when the job was accepted.
    public var submitted: Instant?
    /// When the worker first saw the export completed.
    public var ready: Instant?
    /// When the job's end was decided.
    public var finished: Instant?

    /// Creates the times.
    public init(accepted: Instant, submitted: Instant? = nil, ready: Instant? = nil, finished: Instant? = nil) {
        self.accepted = accepted
        self.submitted = submitted
        self.ready = ready
        self.finished = finished
    }
}

/// What the engine knows of a job: the value of its record in the state topic.
///
/// A record is complete, so the newest one is enough to restore the job.
public struct JobRecord: Hashable, Sendable {
    /// The job as it was enqueued.
    public var job: ExportJob
    /// The offset of the job's own record in its partition of the jobs topic.
    public var offset: Int64
    /// The job's state.
    public var phase: JobPhase
    /// Exports queued for this job so far, the one being submitted included; 0 for an adopted export.
    public var attempt: Int
    /// The service's id of the present export, once it is known.
    public var requestID: String?
    /// The times of the job's transitions.
    public var times: JobTimes
    /// Where the service put the file, in phase ready. A bearer secret until it expires.
    public var blobURL: String?
    /// How the job ended, in phase finished.
    public var status: JobStatus?
    /// Why the job did not complete, in phase finished.
    public var error: JobError?
    /// The files, in phase finished.
    public var files: [ExportFile]
    /// What remains to be done at the service, in phase finished.
    public var cleanup: Cleanup
    /// Whether the time of acceptance is part of the idempotency id, so that the same job id, used again after it was
    /// forgotten, queues another export. False for jobs of workers of before this field.
    public var namedByAcceptance: Bool
    /// The life of the jobs partition that ``offset`` belongs to; see ``JobsPosition``.
    public var generation: UInt32
    /// The timestamp of the job's own record, while that is the newest one that is decided.
    public var timestamp: Int64?
    /// See ``JobsPosition/anchor``; while the job's own record is the newest one that is decided.
    public var anchor: JobsMark?

    /// Creates a record.
    public init(
        job: ExportJob,
        offset: Int64,
        phase: JobPhase,
        attempt: Int = 0,
        requestID: String? = nil,
        times: JobTimes,
        blobURL: String? = nil,
        status: JobStatus? = nil,
        error: JobError? = nil,
        files: [ExportFile] = [],
        cleanup: Cleanup = .none,
        namedByAcceptance: Bool = false,
        generation: UInt32 = 0,
        timestamp: Int64? = nil,
        anchor: JobsMark? = nil
    ) {
        self.job = job
        self.offset = offset
        self.phase = phase
        self.attempt = attempt
        self.requestID = requestID
        self.times = times
        self.blobURL = blobURL
        self.status = status
        self.error = error
        self.files = files
        self.cleanup = cleanup
        self.namedByAcceptance = namedByAcceptance
        self.generation = generation
        self.timestamp = timestamp
        self.anchor = anchor
    }
}
