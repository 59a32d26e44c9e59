/// The coordinates of a record in the jobs topic.
public struct RecordSource: Hashable, Sendable {
    /// The record's partition.
    public var partition: Int32
    /// The record's offset.
    public var offset: Int64

    /// Creates coordinates.
    public init(partition: Int32, offset: Int64) {
        self.partition = partition
        self.offset = offset
    }
}

/// A completion event, before it becomes a CloudEvent.
public struct CompletionEvent: Hashable, Sendable {
    /// The job's id; also the record's key and the event's subject.
    public var jobID: String
    /// How the job ended.
    public var status: JobStatus
    /// The job's record; for a rejection, the refused record. It determines the event's id: the same each time the
    /// event is published, another one when the job's id is used again.
    public var source: RecordSource
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
    /// The times of the job's transitions; `finished` is the event's time.
    public var times: JobTimes
    /// The trace context to pass through.
    public var trace: TraceContext?
    /// The largest form in which the event is written.
    public var form = OutputForm.whole

    /// Creates an event.
    public init(
        jobID: String,
        status: JobStatus,
        source: RecordSource,
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
        self.source = source
        self.job = job
        self.requestID = requestID
        self.attempts = attempts
        self.files = files
        self.error = error
        self.times = times
        self.trace = trace
    }

    /// The event that a finished job's record announces; `nil` when the job has not finished.
    ///
    /// - Parameter partition: the job's partition of the jobs topic.
    public init?(_ record: JobRecord, partition: Int32) {
        guard record.phase == .finished, let status = record.status else { return nil }
        // An id without the time of submission was found after the job's end, to delete the export. A repeated event
        // must equal the first one, so it leaves the id out.
        let requestID = record.times.submitted == nil ? nil : record.requestID
        self.init(
            jobID: record.job.id,
            status: status,
            source: RecordSource(partition: partition, offset: record.offset),
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

/// A record of the jobs topic, bytes unchanged.
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
    /// What was too large to be copied.
    public var omitted: OmittedParts

    /// Creates a record.
    public init(
        key: [UInt8]?,
        value: [UInt8]?,
        headers: [Header] = [],
        omitted: OmittedParts = OmittedParts()
    ) {
        self.key = key
        self.value = value
        self.headers = headers
        self.omitted = omitted
    }

    /// Bytes that the record holds in memory.
    public var byteCount: Int {
        headers.reduce((key?.count ?? 0) + (value?.count ?? 0)) { $0 + $1.name.utf8.count + ($1.value?.count ?? 0) }
    }
}

/// The sizes of a record's parts that were too large to be copied, in bytes; `nil` for a part that is complete, 0 for
/// one of unknown size.
public struct OmittedParts: Hashable, Sendable {
    /// The value's size.
    public var value: Int?
    /// The size of all headers, names and values.
    public var headers: Int?
    /// The key's size.
    public var key: Int?

    /// Creates the sizes.
    public init(value: Int? = nil, headers: Int? = nil, key: Int? = nil) {
        self.value = value
        self.headers = headers
        self.key = key
    }

    /// Whether every part is complete.
    public var isEmpty: Bool { value == nil && headers == nil && key == nil }
}

/// A record that could not be read as a job, for the dead-letter topic.
public struct DeadLetter: Hashable, Sendable {
    /// The unchanged record.
    public var original: OriginalRecord
    /// Its partition of the jobs topic.
    public var partition: Int32
    /// Its offset in that partition.
    public var offset: Int64
    /// Why it was refused, for the `__dlq.errors.message` header.
    public var reason: String
    /// The largest form in which the dead letter is written.
    public var form = OutputForm.whole

    /// Creates a dead letter.
    public init(original: OriginalRecord, partition: Int32, offset: Int64, reason: String) {
        self.original = original
        self.partition = partition
        self.offset = offset
        self.reason = reason
    }
}

/// A decoded record of the jobs topic.
public struct JobInput: Sendable {
    /// What the record requests.
    public enum Content: Sendable {
        /// An export.
        case export(ExportJob)
        /// To cancel a job that was enqueued before.
        case cancel(id: String, trace: TraceContext?)
        /// To hold back submissions in this partition.
        case pause(JobPause)
        /// To end the pauses of jobs in this partition.
        case resume(PauseTarget)
        /// Not a valid job. `jobID` where it can be read; the reason and the invalid fields.
        case unreadable(jobID: String?, reason: String, details: [FieldError], trace: TraceContext?)

        /// The id of the job that it is about, if it is readable.
        public var jobID: String? {
            switch self {
            case .export(let job): job.id
            case .cancel(let id, _): id
            case .unreadable(let id, _, _, _): id
            case .pause, .resume: nil
            }
        }
    }

    /// The record's offset.
    public var offset: Int64
    /// What the record requests.
    public var content: Content
    /// Whether the record's key is the job's id; otherwise deduplication reaches only as far as the partition.
    public var keyIsJobID: Bool
    /// Unexpected but accepted parts of the job, such as an unknown filter field.
    public var warnings: [FieldError]
    /// The record's timestamp in milliseconds since 1970; `nil` when it has none.
    public var timestamp: Int64?
    /// The unchanged record. Every input carries it, because only the engine finds conflicts and then copies the
    /// record to the dead-letter topic.
    public var original: OriginalRecord
    /// The code of the rejection, for a record that cannot be read.
    public var code = JobErrorCode.invalidJob

    /// Creates an input.
    public init(
        offset: Int64,
        content: Content,
        keyIsJobID: Bool = true,
        warnings: [FieldError] = [],
        timestamp: Int64? = nil,
        original: OriginalRecord,
        code: JobErrorCode = .invalidJob
    ) {
        self.offset = offset
        self.content = content
        self.keyIsJobID = keyIsJobID
        self.warnings = warnings
        self.timestamp = timestamp
        self.original = original
        self.code = code
    }
}
