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
