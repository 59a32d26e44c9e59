public import ExportCore
public import ExportRecords

/// A record as the log holds it: bytes, untouched.
public struct LogRecord: Sendable {
    /// The record's offset in its partition.
    public var offset: Int64
    /// The timestamp in milliseconds since 1970; `nil` when there is none.
    public var timestamp: Int64?
    /// Key, value and headers, without the parts that were too large to be copied.
    public var content: OriginalRecord

    /// Creates a record.
    public init(offset: Int64, timestamp: Int64? = nil, _ content: OriginalRecord) {
        self.offset = offset
        self.timestamp = timestamp
        self.content = content
    }
}

/// The topics that a worker writes.
public enum LogTopic: Sendable, Hashable, CaseIterable {
    /// The worker's own changelog, compacted, one partition per partition of the jobs topic.
    case state
    /// Completion events.
    case results
    /// Records that are not valid jobs.
    case deadLetter
}

/// A record to be written.
public struct LogOutput: Sendable {
    /// The topic.
    public var topic: LogTopic
    /// The partition; `nil` to have it chosen by the key, as the Java client does.
    public var partition: Int32?
    /// Key, value and headers.
    public var record: OutgoingRecord

    /// Creates a record.
    public init(topic: LogTopic, partition: Int32?, _ record: OutgoingRecord) {
        self.topic = topic
        self.partition = partition
        self.record = record
    }
}

/// Records and positions that are stored together or not at all.
public struct LogCommit: Sendable {
    /// Names the commit; comes back with its outcome.
    public var id: UInt64
    /// The records.
    public var outputs: [LogOutput]
    /// The positions. They fence the commit: it fails when one of them belongs to an assignment that is over.
    public var positions: [CommitBatch.Position]

    /// Creates a commit.
    public init(id: UInt64, outputs: [LogOutput], positions: [CommitBatch.Position]) {
        self.id = id
        self.outputs = outputs
        self.positions = positions
    }
}

/// The log port: partitions are assigned, restored, deliver jobs, accept commits, and are released.
///
/// Every call returns at once; its result is reported to the sink.
public protocol LogPort: Sendable {
    /// Joins the group. From then on events are reported to `sink`.
    ///
    /// - Throws: when the log cannot be used with its configuration.
    func start(_ sink: any LogSink) async throws
    /// The partition is restored: deliver its jobs from this position on, unless the partition does not hold the record that
    /// the position names. Answers `discontinuity` then.
    func begin(partition: Int32, epoch: UInt32, from position: JobsPosition)
    /// The partition is stopped: deliver nothing, and restore it again, under another epoch, when its state partition or
    /// the jobs partition has changed in a way that may end the stop.
    func stopped(partition: Int32, epoch: UInt32)
    /// Deliver no records of any partition, or deliver them again.
    func setIntake(isPaused: Bool)
    /// Store a commit; one at a time. Answered by `committed`, `commitFailed` or `commitRefused`.
    func commit(_ commit: LogCommit)
    /// The partition can be released; answers `revoked`.
    func release(partition: Int32, epoch: UInt32)
    /// Leaves the group and releases all partitions. Returns when that is done, or at the end of the bound: nothing that is
    /// stored depends on it.
    func close(within bound: Duration) async
}

/// Receives events of the log. Calls come from any thread and, unless documented otherwise, return at once. Events of
/// one partition arrive in the order in which they happened.
public protocol LogSink: Sendable {
    /// How many partitions the jobs topic has.
    func partitionCount(_ count: Int)
    /// A partition was assigned; its state is being read. Each assignment has another epoch.
    func assigned(partition: Int32, epoch: UInt32)
    /// Records of the partition's state, in order. Returns when there is space for more, so that records do not fill
    /// the memory when they are read faster than they are applied.
    func restored(partition: Int32, epoch: UInt32, _ records: [LogRecord]) async
    /// The state is read to its end.
    func restoreFinished(partition: Int32, epoch: UInt32, _ ends: RestoredEnds)
    /// The state cannot be read or must not be trusted.
    func restoreFailed(partition: Int32, epoch: UInt32, _ reason: StopReason)
    /// This record was found in the jobs partition again, which is therefore the one that was restored, up to it.
    func anchored(partition: Int32, epoch: UInt32, _ mark: JobsMark)
    /// The jobs partition, or the state partition, is not the one that was restored: it must stop.
    func discontinuity(partition: Int32, epoch: UInt32, _ reason: StopReason)
    /// The largest records that the written topics accept. Kafka's defaults hold until the first report.
    func limitsChanged(_ limits: OutputLimits)
    /// Records of the jobs topic, in order. Blocks its thread, at most for seconds, while many bytes of records wait
    /// for the engine.
    func received(partition: Int32, epoch: UInt32, _ records: [LogRecord])
    /// How far the jobs of a partition that was begun can be read. Reported periodically, for the health checks.
    func jobsEnd(partition: Int32, epoch: UInt32, _ end: JobsEnd)
    /// A commit is stored.
    func committed(_ id: UInt64, seconds: Double)
    /// No part of a commit is stored; it may be sent again.
    func commitFailed(_ id: UInt64, reason: String)
    /// No visible part of a commit is stored, because the topics do not accept the records at these places of its
    /// outputs. Sent again unchanged, it would fail again.
    func commitRefused(_ id: UInt64, outputs: [Int], reason: String)
    /// The group has a new generation; a commit that failed for the old one may be sent again.
    func generationChanged()
    /// Partitions are revoked: each must be answered by `release`.
    func revoked(_ partitions: [Int32])
    /// Partitions already belong to another worker.
    func lost(_ partitions: [Int32])
    /// Whether the log can be used, and what is wrong when it cannot.
    func connection(problem: LogProblem?)
    /// The log cannot continue in this process.
    func failed(_ cause: WorkerFailure.Cause)
    /// An observation for metrics and health checks.
    func observe(_ observation: LogObservation)
}

extension LogSink {
    /// Ignores the observation.
    public func observe(_ observation: LogObservation) {}
}
