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
    /// Whether the record's key is the job's id. If not, a job of the same id in another partition is not recognized as a
    /// duplicate.
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
