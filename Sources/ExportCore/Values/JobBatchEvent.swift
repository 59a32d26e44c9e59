/// The one event of a batch, before it becomes a CloudEvent; also the content of its manifest.
public struct JobBatchEvent: Hashable, Sendable {
    /// A job of the batch and how it ended.
    public struct Member: Hashable, Sendable {
        /// The job's id.
        public var jobID: String
        /// How the job ended.
        public var status: JobStatus
        /// Why it did not complete.
        public var code: JobErrorCode?
        /// The job's files.
        public var files: [ExportFile]

        /// Creates a member.
        public init(jobID: String, status: JobStatus, code: JobErrorCode? = nil, files: [ExportFile] = []) {
            self.jobID = jobID
            self.status = status
            self.code = code
            self.files = files
        }
    }

    /// The batch's id and size.
    public var batch: JobBatch
    /// How the batch ended.
    public var status: JobBatchStatus
    /// The record of the batch's first job. It determines the event's id: the same each time the event is published, another
    /// one when the batch's id is used again.
    public var source: RecordSource
    /// The jobs that came, in the order of their records. They may be fewer than the batch's size.
    public var members: [Member]
    /// When the batch's first job was accepted.
    public var accepted: Instant
    /// When the batch's end was decided; the event's time.
    public var ended: Instant
    /// Where the batch's manifest is; `nil` without a file store.
    public var manifestLocation: String?
    /// Why the manifest could not be stored; `nil` where it was, and where none was to be.
    public var manifestProblem: String?
    /// The largest form in which the event is written.
    public var form = OutputForm.whole

    /// Creates an event.
    public init(
        batch: JobBatch,
        status: JobBatchStatus,
        source: RecordSource,
        members: [Member],
        accepted: Instant,
        ended: Instant
    ) {
        self.batch = batch
        self.status = status
        self.source = source
        self.members = members
        self.accepted = accepted
        self.ended = ended
    }

    /// The most bytes of ``manifestProblem``.
    static let manifestProblemBytes = 512

    /// Whether a manifest was to be stored and could not be.
    public var lacksManifest: Bool { manifestProblem != nil }

    /// Whether a manifest was to be stored.
    public var expectsManifest: Bool { manifestLocation != nil || lacksManifest }

    /// How many jobs never came, or were rejected.
    public var missingCount: Int { max(0, batch.size - members.count) }

    /// How many members ended in this way.
    public func count(of status: JobStatus) -> Int { members.count { $0.status == status } }
}
