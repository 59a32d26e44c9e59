/// What happens to a worker, in the order of its queue.
public enum WorkerEvent: Sendable {
    /// A partition was assigned; its state is being read.
    case assigned(partition: Int32, epoch: Epoch)
    /// Records of the partition's state, in the order of the log.
    case restored(partition: Int32, epoch: Epoch, [StateRecord])
    /// The state has been read to its end.
    case restoreFinished(partition: Int32, epoch: Epoch, RestoredEnds)
    /// The state cannot be read; the partition must be stopped.
    case restoreFailed(partition: Int32, epoch: Epoch, StopReason)
    /// This record was found in the jobs partition again, so up to it the partition is the one that was restored.
    case anchored(partition: Int32, epoch: Epoch, JobsMark)
    /// The jobs partition, or the state partition, is not the one that was restored.
    case discontinuity(partition: Int32, epoch: Epoch, StopReason)
    /// Records of the jobs partition, in the order of their offsets.
    case received(partition: Int32, epoch: Epoch, [JobInput])
    /// How far the jobs of a partition can be read. Only reported: it distinguishes an empty topic from a stalled
    /// consumer.
    case jobsEnd(partition: Int32, epoch: Epoch, JobsEnd)
    /// A batch is stored completely.
    case committed(batch: UInt64)
    /// No part of a batch is stored; it may be sent again.
    case commitFailed(batch: UInt64)
    /// No part of a batch is stored, because its topics do not accept these records. Sent again unchanged, it would
    /// fail again.
    case outputsRefused(batch: UInt64, [OutputRefusal])
    /// The group has another generation, which the next commit carries: a failed batch may be sent again.
    case generationChanged
    /// The answer to a call.
    case answered(CallToken, CallResult)
    /// Partitions are revoked: commit what is decided, then release them.
    case revoked([Int32])
    /// Partitions already belong to another worker.
    case lost([Int32])
    /// How many partitions the jobs topic has.
    case partitionCount(Int)
    /// The accounts' credentials may have changed.
    case credentialsChanged
    /// Take no more jobs, wait for calls in flight, commit, release everything.
    case stop
    /// The time limit for the stop has passed: commit what is decided, release everything.
    case stopNow
    /// Time has passed.
    case tick
}

/// Where a partition of the jobs topic ends for its reader.
public struct JobsEnd: Hashable, Sendable {
    /// The offset after the last record that can be read; `nil` when all of them were delivered.
    public var unreadUpTo: Int64?
    /// The records that an open transaction holds back: from its first offset to the end of the partition.
    public var keptBack: Range<Int64>?

    /// Creates an end.
    public init(unreadUpTo: Int64?, keptBack: Range<Int64>? = nil) {
        self.unreadUpTo = unreadUpTo
        self.keptBack = keptBack
    }
}

/// The offsets of a partition at the end of its restore.
public struct RestoredEnds: Hashable, Sendable {
    /// The group's stable committed offset, where there is one.
    public var committed: Int64?
    /// The first offset that the jobs partition still has.
    public var low: Int64
    /// The offset of the next record of the jobs partition.
    public var high: Int64
    /// The first offset that the state partition still has.
    public var stateLow: Int64
    /// Whether the log drops old records of the state automatically, so that missing ones mean nothing.
    public var dropsOldState: Bool

    /// Creates the ends of a partition.
    public init(committed: Int64?, low: Int64, high: Int64, stateLow: Int64 = 0, dropsOldState: Bool = false) {
        self.dropsOldState = dropsOldState
        self.committed = committed
        self.low = low
        self.high = high
        self.stateLow = stateLow
    }
}

/// Records that go into one transaction, with the positions of the partitions that they touch.
public struct CommitBatch: Sendable {
    /// The next offset of a jobs partition.
    public struct Position: Sendable, Hashable {
        /// The partition.
        public var partition: Int32
        /// The assignment under which the position was reached.
        public var epoch: Epoch
        /// The first offset that is not decided.
        public var offset: Int64

        /// Creates a position.
        public init(partition: Int32, epoch: Epoch, offset: Int64) {
            self.partition = partition
            self.epoch = epoch
            self.offset = offset
        }
    }

    /// Identifies the batch within its worker; a batch that is sent again keeps its id.
    public var id: UInt64
    /// The records, in the order in which they were decided.
    public var records: [OutputRecord]
    /// The position of every partition that the records touch, and of every one that moved.
    public var positions: [Position]
}

/// What a worker does in response to an event.
public enum WorkerAction: Sendable {
    /// The partition is restored: consume its jobs from this position, once the newest decided record is found there.
    case start(partition: Int32, epoch: Epoch, from: JobsPosition)
    /// The partition is stopped: deliver nothing, and restore it again when an operator has written to its state.
    case stopped(partition: Int32, epoch: Epoch)
    /// Take no more records of any partition, or take them again.
    case intake(isPaused: Bool)
    /// Store this batch, completely or not at all.
    case commit(CommitBatch)
    /// Make this call. An answer is always due.
    case call(Call)
    /// Suspend this download. It keeps what it has received and receives no more until it is resumed.
    case suspend(CallToken)
    /// Continue this suspended download.
    case resume(CallToken)
    /// Cancel this transfer, whose job has ended. Its answer is still due.
    case cancel(CallToken)
    /// The partition can be released.
    case release(partition: Int32, epoch: Epoch)
    /// All partitions are released after a stop; this many jobs wait for the next owner.
    case drained(jobs: Int)
    /// Report to the operator.
    case report(Report)
}
