/// The batch that a job belongs to, as the job names it: `size` jobs of the same partition that are announced together
/// when all of them have ended.
public struct JobBatch: Hashable, Sendable {
    /// How many jobs a batch has.
    public static let sizes = 1...1_000

    /// The batch's id; also the key of its jobs' records, so that all are in one partition.
    public var id: String
    /// How many jobs the batch has.
    public var size: Int

    /// Creates a batch.
    public init(id: String, size: Int) {
        self.id = id
        self.size = size
    }
}

/// How a batch ended: the `status` of its event.
public enum JobBatchStatus: UInt8, Hashable, Sendable, CaseIterable {
    /// All of its jobs completed.
    case completed = 1
    /// All of its jobs ended, and some did not complete.
    case partial = 2
    /// Its deadline passed before all of its jobs were enqueued. Those that were have ended.
    case incomplete = 3
}

/// The end of a batch: the value of its record in the state topic.
///
/// An open batch has no record of its own: its jobs' records hold its size, its members, and how these ended. A job that
/// ends therefore costs no further record. In return the jobs of an open batch are never forgotten; after the batch's end
/// all of them are, together with it.
public struct JobBatchRecord: Hashable, Sendable {
    /// The batch's id and size.
    public var batch: JobBatch
    /// How it ended.
    public var status: JobBatchStatus
    /// When its end was decided. It has no new members from then on.
    public var ended: Instant
    /// When its event was published; `nil` while its manifest is being stored.
    public var published: Instant?

    /// Creates a record.
    public init(batch: JobBatch, status: JobBatchStatus, ended: Instant, published: Instant?) {
        self.batch = batch
        self.status = status
        self.ended = ended
        self.published = published
    }
}
