/// What happens to a worker, in the order in which its one queue brings it.
public enum WorkerEvent: Sendable {
    /// A partition was assigned; its state is being read.
    case assigned(partition: Int32, epoch: Epoch)
    /// Records of the partition's state, in the order of the log.
    case restored(partition: Int32, epoch: Epoch, [StateRecord])
    /// The state is read to its end.
    ///
    /// - Parameters:
    ///   - committed: the group's stable committed offset, where there is one.
    ///   - low: the first offset that the jobs partition still has.
    ///   - high: the offset of the next record of the jobs partition.
    case restoreFinished(partition: Int32, epoch: Epoch, committed: Int64?, low: Int64, high: Int64)
    /// The state cannot be read; the partition must stay untouched.
    case restoreFailed(partition: Int32, epoch: Epoch, reason: String)
    /// Records of the jobs partition, in the order of their offsets.
    case received(partition: Int32, epoch: Epoch, [JobInput])
    /// How far the jobs of a partition can be read; `nil` when all of them were delivered. Decides nothing: it
    /// tells an empty topic from a consumer that stands still.
    case jobsEnd(partition: Int32, epoch: Epoch, unreadUpTo: Int64?)
    /// A batch is stored, wholly.
    case committed(batch: UInt64)
    /// A batch is not stored, no part of it, and may be sent again.
    case commitFailed(batch: UInt64)
    /// The group has another generation, which the next commit will carry: a batch that failed may go again.
    case generationChanged
    /// The answer to a call.
    case answered(CallToken, CallResult)
    /// Partitions are to be handed over: finish what is decided, then release.
    case revoked([Int32])
    /// Partitions belong to somebody else already.
    case lost([Int32])
    /// How many partitions the jobs topic has.
    case partitionCount(Int)
    /// The accounts' credentials may have changed.
    case credentialsChanged
    /// Take no more, let calls under way end, commit, release everything.
    case stop
    /// The time for that is up: commit what is decided, release everything.
    case stopNow
    /// Time has passed.
    case tick
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
    }

    /// Names the batch within its worker; a batch that is sent again keeps its number.
    public var id: UInt64
    /// The records, in the order in which they were decided.
    public var records: [OutputRecord]
    /// The position of every partition that the records touch, and of every one that moved.
    public var positions: [Position]
}

/// What a worker does in answer to an event.
public enum WorkerAction: Sendable {
    /// The partition is restored: consume its jobs from this offset.
    case start(partition: Int32, epoch: Epoch, from: Int64)
    /// Take no more records of any partition, or take them again.
    case intake(isPaused: Bool)
    /// Store this batch, wholly or not at all.
    case commit(CommitBatch)
    /// Make this call; answer it in any case.
    case call(Call)
    /// The partition can be given up.
    case release(partition: Int32, epoch: Epoch)
    /// Everything is released after a stop; this many jobs wait for the next owner.
    case drained(jobs: Int)
    /// Tell the operator.
    case report(Report)
}
