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

/// The end of a job: the `status` of its completion event.
public enum JobStatus: UInt8, Hashable, Sendable, CaseIterable {
    /// The file is available.
    case completed = 1
    /// The export could not be obtained.
    case failed = 2
    /// A cancel command ended it.
    case cancelled = 3
    /// The document was refused; nothing was exported for it.
    case rejected = 4
}

/// Why a job did not complete: the `error.code` of its completion event.
public enum JobErrorCode: UInt8, Hashable, Sendable, CaseIterable {
    /// The job's document breaks the rules.
    case invalidJob = 1
    /// The service refused the request for good (400, 403).
    case apiRejected = 2
    /// The service ended every permitted export as Failed.
    case exportFailed = 3
    /// The export does not exist at the service: it was deleted elsewhere, or never existed.
    case exportNotFound = 4
    /// The job's deadline passed first.
    case deadlineExceeded = 5
    /// The file exists at the service and could not be stored in time.
    case downloadFailed = 6
    /// The job names credentials that are not configured.
    case unknownAccount = 7
    /// A cancel command names a job that is not known.
    case unknownJob = 8
    /// The id is in use with other content: the record is refused, the job that has the id is not affected.
    case conflictingJob = 9
    /// A record or event of the job is larger than its topic accepts.
    case tooLarge = 10
}

/// One field of a job and what is wrong with it.
public struct FieldError: Hashable, Sendable {
    /// The field's name in the job document.
    public var field: String
    /// What is wrong and what is expected.
    public var message: String

    /// Creates a field error.
    public init(field: String, message: String) {
        self.field = field
        self.message = message
    }
}

/// The `error` of a completion event.
public struct JobError: Hashable, Sendable {
    /// What went wrong, for programs.
    public var code: JobErrorCode
    /// What went wrong and what to do about it, for people. Holds no secret.
    public var message: String
    /// The invalid fields, where single fields are invalid.
    public var details: [FieldError]

    /// Creates an error.
    public init(code: JobErrorCode, message: String, details: [FieldError] = []) {
        self.code = code
        self.message = message
        self.details = details
    }
}

/// One member of a ZIP archive, from its central directory.
public struct ArchiveEntry: Hashable, Sendable {
    /// The member's name as the archive gives it.
    public var name: String
    /// The member's uncompressed size in bytes.
    public var sizeBytes: Int64

    /// Creates an entry.
    public init(name: String, sizeBytes: Int64) {
        self.name = name
        self.sizeBytes = sizeBytes
    }
}

/// One of a completion event's `files`.
public struct ExportFile: Hashable, Sendable {
    /// Where the file is: a location in the file store, or the service's own SAS URL.
    public var location: String
    /// Whether the file is in the user's own file store.
    public var stored: Bool
    /// The file's name.
    public var fileName: String
    /// The file's media type, where it is known.
    public var mediaType: String?
    /// The file's size in bytes, where it is known.
    public var sizeBytes: Int64?
    /// The SHA-256 of the file in lower-case hexadecimal, where it is known.
    public var sha256: String?
    /// When the location stops working; `nil` when it lasts.
    public var expiresAt: Instant?
    /// The members of the file when it is a ZIP archive; empty otherwise.
    public var entries: [ArchiveEntry]
    /// What was seen in the file while it was stored; `nil` for an archive.
    public var content: FileContent?

    /// Creates a file.
    public init(
        location: String,
        stored: Bool,
        fileName: String,
        mediaType: String? = nil,
        sizeBytes: Int64? = nil,
        sha256: String? = nil,
        expiresAt: Instant? = nil,
        entries: [ArchiveEntry] = [],
        content: FileContent? = nil
    ) {
        self.location = location
        self.stored = stored
        self.fileName = fileName
        self.mediaType = mediaType
        self.sizeBytes = sizeBytes
        self.sha256 = sha256
        self.expiresAt = expiresAt
        self.entries = entries
        self.content = content
    }
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

/// One record of a state partition, decoded.
public enum StateRecord: Hashable, Sendable {
    /// A job's newest state.
    case job(JobRecord)
    /// A job whose deduplication window is over: the record's value is null.
    case forgotten(id: String)
    /// A batch whose end is decided.
    case batch(JobBatchRecord)
    /// A batch that is forgotten together with its jobs: the record's value is null.
    case batchForgotten(id: String)
    /// The pauses of the partition; none when the record's value is null.
    case pauses([JobPause])
    /// The next offset of the jobs partition that is not yet decided. Written after records that
    /// create no job (dead letters, cancel commands), so that the state partition alone determines
    /// where to continue, also when the group's offsets are gone.
    case position(JobsPosition)
    /// Where the partition's state begins.
    case origin(StateOrigin)
}
