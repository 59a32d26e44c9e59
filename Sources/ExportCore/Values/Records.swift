/// A completion event, before it becomes a CloudEvent.
public struct CompletionEvent: Hashable, Sendable {
    /// The job's id; also the record's key and the event's subject.
    public var jobID: String
    /// How the job ended.
    public var status: JobStatus
    /// The job, where it could be read; `nil` for a rejected document and an unknown job.
    public var job: ExportJob?
    /// The service's id of the export, where there is one.
    public var requestID: String?
    /// Exports queued for the job.
    public var attempts: Int
    /// The files; empty unless completed.
    public var files: [ExportFile]
    /// Why the job did not complete.
    public var error: JobError?
    /// The moments of the job's life; `finished` is the event's time.
    public var times: JobTimes
    /// The trace context to hand on.
    public var trace: TraceContext?

    /// Creates an event.
    public init(
        jobID: String,
        status: JobStatus,
        job: ExportJob? = nil,
        requestID: String? = nil,
        attempts: Int = 0,
        files: [ExportFile] = [],
        error: JobError? = nil,
        times: JobTimes,
        trace: TraceContext? = nil
    ) {
        self.jobID = jobID
        self.status = status
        self.job = job
        self.requestID = requestID
        self.attempts = attempts
        self.files = files
        self.error = error
        self.times = times
        self.trace = trace
    }

    /// The event that a finished job's record announces; `nil` when the job has not finished.
    public init?(_ record: JobRecord) {
        guard record.phase == .finished, let status = record.status else { return nil }
        // An id without the moment of submission was learnt after the end, to delete the export:
        // a repeated event must be the same as the first.
        let requestID = record.times.submitted == nil ? nil : record.requestID
        self.init(
            jobID: record.job.id,
            status: status,
            job: record.job,
            requestID: requestID,
            attempts: record.attempt,
            files: record.files,
            error: record.error,
            times: record.times,
            trace: record.job.trace
        )
    }
}

/// A record of the jobs topic as it came, bytes untouched.
public struct OriginalRecord: Hashable, Sendable {
    /// A header of a record.
    public struct Header: Hashable, Sendable {
        /// The header's name.
        public var name: String
        /// The header's value; `nil` for a null value.
        public var value: [UInt8]?

        /// Creates a header.
        public init(name: String, value: [UInt8]?) {
            self.name = name
            self.value = value
        }
    }

    /// The record's key.
    public var key: [UInt8]?
    /// The record's value.
    public var value: [UInt8]?
    /// The record's headers, in order.
    public var headers: [Header]

    /// Creates a record.
    public init(key: [UInt8]?, value: [UInt8]?, headers: [Header] = []) {
        self.key = key
        self.value = value
        self.headers = headers
    }
}

/// A record that could not be read as a job, for the dead-letter topic.
public struct DeadLetter: Hashable, Sendable {
    /// The record as it came.
    public var original: OriginalRecord
    /// Its partition of the jobs topic.
    public var partition: Int32
    /// Its offset in that partition.
    public var offset: Int64
    /// Why it could not be taken, for the `__dlq.errors.message` header.
    public var reason: String

    /// Creates a dead letter.
    public init(original: OriginalRecord, partition: Int32, offset: Int64, reason: String) {
        self.original = original
        self.partition = partition
        self.offset = offset
        self.reason = reason
    }
}

/// A record of the jobs topic, read.
public struct JobInput: Sendable {
    /// What the record asks for.
    public enum Content: Sendable {
        /// An export.
        case export(ExportJob)
        /// The end of a job that was enqueued before.
        case cancel(id: String, trace: TraceContext?)
        /// Nothing that can be read. `jobID` where that much can be; the reason and the offending fields.
        case unreadable(jobID: String?, reason: String, details: [FieldError], trace: TraceContext?)
    }

    /// The record's offset.
    public var offset: Int64
    /// What the record asks for.
    public var content: Content
    /// Whether the record's key is the job's id; otherwise deduplication reaches only as far as the partition.
    public var keyIsJobID: Bool
    /// What is odd about the job and yet no reason to refuse it, such as a filter field that is not known.
    public var warnings: [FieldError]
    /// The record as it came. `nil` for a job that cannot be refused any more would save memory,
    /// but a conflict is found only by the engine, so it always travels along.
    public var original: OriginalRecord

    /// Creates an input.
    public init(
        offset: Int64,
        content: Content,
        keyIsJobID: Bool = true,
        warnings: [FieldError] = [],
        original: OriginalRecord
    ) {
        self.offset = offset
        self.content = content
        self.keyIsJobID = keyIsJobID
        self.warnings = warnings
        self.original = original
    }
}
