/// A record as the log holds it: bytes, untouched.
public struct LogRecord: Sendable {
    /// The record's offset in its partition.
    public var offset: Int64
    /// The key; `nil` for none.
    public var key: [UInt8]?
    /// The value; `nil` for a tombstone.
    public var value: [UInt8]?
    /// The headers, in order.
    public var headers: [LogHeader]

    /// Creates a record.
    public init(offset: Int64, key: [UInt8]?, value: [UInt8]?, headers: [LogHeader] = []) {
        self.offset = offset
        self.key = key
        self.value = value
        self.headers = headers
    }
}

/// A header of a record.
public struct LogHeader: Sendable, Hashable {
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

/// The topics that a worker writes.
public enum LogTopic: Sendable, Hashable, CaseIterable {
    /// The worker's own changelog, compacted, one partition per partition of the jobs topic.
    case state
    /// Completion events.
    case results
    /// What could not be read as a job.
    case deadLetter
}

/// A record to be written.
public struct LogOutput: Sendable {
    /// The topic.
    public var topic: LogTopic
    /// The partition; `nil` to have it chosen by the key, as the Java client does.
    public var partition: Int32?
    /// The key.
    public var key: [UInt8]?
    /// The value; `nil` for a tombstone.
    public var value: [UInt8]?
    /// The headers, in order.
    public var headers: [LogHeader]

    /// Creates a record.
    public init(topic: LogTopic, partition: Int32?, key: [UInt8]?, value: [UInt8]?, headers: [LogHeader] = []) {
        self.topic = topic
        self.partition = partition
        self.key = key
        self.value = value
        self.headers = headers
    }
}

/// Records and positions that are stored together or not at all.
public struct LogCommit: Sendable {
    /// A position of the jobs topic, reached under an assignment.
    public struct Position: Sendable, Hashable {
        /// The partition.
        public var partition: Int32
        /// The assignment.
        public var epoch: UInt32
        /// The next offset to consume.
        public var offset: Int64

        /// Creates a position.
        public init(partition: Int32, epoch: UInt32, offset: Int64) {
            self.partition = partition
            self.epoch = epoch
            self.offset = offset
        }
    }

    /// Names the commit; comes back with its outcome.
    public var id: UInt64
    /// The records.
    public var outputs: [LogOutput]
    /// The positions. They fence the commit: it fails when one of them belongs to an assignment that is over.
    public var positions: [Position]

    /// Creates a commit.
    public init(id: UInt64, outputs: [LogOutput], positions: [Position]) {
        self.id = id
        self.outputs = outputs
        self.positions = positions
    }
}

/// The log as the worker sees it: partitions come, are restored, deliver jobs, take commits, and go.
///
/// Every call returns at once; what comes of it is told to the sink.
public protocol LogPort: Sendable {
    /// Joins the group. Everything that happens from then on is told to `sink`.
    ///
    /// - Throws: when the log cannot be used as it is configured.
    func start(_ sink: any LogSink) async throws
    /// The partition is restored: deliver its jobs from this offset on.
    func begin(partition: Int32, epoch: UInt32, from offset: Int64)
    /// Deliver no records of any partition, or deliver them again.
    func setIntake(isPaused: Bool)
    /// Store a commit; one at a time. Answered by `committed` or `commitFailed`.
    func commit(_ commit: LogCommit)
    /// The partition may be given up; answers `revoked`.
    func release(partition: Int32, epoch: UInt32)
    /// Leaves the group and gives everything back. Returns when that is done.
    func close() async
}

/// What the log tells the worker. Calls come from any thread and, but for one, return at once, in an order that
/// means something: what concerns one partition arrives in the order in which it happened.
public protocol LogSink: Sendable {
    /// How many partitions the jobs topic has.
    func partitionCount(_ count: Int)
    /// A partition is this worker's; its state is being read. A partition that was assigned before has another epoch now.
    func assigned(partition: Int32, epoch: UInt32)
    /// Records of the partition's state, in order. Returns when there is room for more, so that a log that is read faster
    /// than its records are taken in does not pile them up.
    func restored(partition: Int32, epoch: UInt32, _ records: [LogRecord]) async
    /// The state is read to its end.
    func restoreFinished(partition: Int32, epoch: UInt32, committed: Int64?, low: Int64, high: Int64)
    /// The state cannot be read or must not be trusted.
    func restoreFailed(partition: Int32, epoch: UInt32, reason: String)
    /// Records of the jobs topic, in order.
    func received(partition: Int32, epoch: UInt32, _ records: [LogRecord])
    /// How far the jobs of a partition that was begun can be read: the offset after the last one, or `nil` when all of
    /// them were delivered. Told now and then, for what watches over progress.
    func jobsEnd(partition: Int32, epoch: UInt32, unreadUpTo offset: Int64?)
    /// A commit is stored.
    func committed(_ id: UInt64, seconds: Double)
    /// A commit is not stored, no part of it, and may be sent again.
    func commitFailed(_ id: UInt64, reason: String)
    /// The group has a new generation; a commit that failed for the old one may be sent again.
    func generationChanged()
    /// Partitions are wanted elsewhere: each is to be answered by `release`.
    func revoked(_ partitions: [Int32])
    /// Partitions are somebody else's already.
    func lost(_ partitions: [Int32])
    /// Whether the log can be reached, and what is wrong when it cannot.
    func connection(problem: String?)
    /// The log cannot go on in this process.
    func failed(reason: String)
    /// What decides nothing, for metrics and health.
    func observe(_ observation: LogObservation)
}

extension LogSink {
    /// Whoever only drives the log has no use for it.
    public func observe(_ observation: LogObservation) {}
}
