public import ExportCore

/// An event of the log that has no effect on decisions.
public enum LogObservation: Sendable {
    /// How the group's assignment changed.
    public enum Rebalance: String, Sendable, CaseIterable {
        /// Partitions were assigned.
        case assigned
        /// Partitions were revoked in order.
        case revoked
        /// Partitions were lost.
        case lost
    }

    /// The progress of reading a state partition.
    public struct RestoreProgress: Sendable, Hashable {
        /// The partition.
        public var partition: Int32
        /// The assignment.
        public var epoch: UInt32
        /// The offset at which reading started.
        public var from: Int64
        /// The present offset.
        public var at: Int64
        /// The offset at which it ends.
        public var to: Int64

        /// Creates a progress.
        public init(partition: Int32, epoch: UInt32, from: Int64, at: Int64, to: Int64) {
            self.partition = partition
            self.epoch = epoch
            self.from = from
            self.at = at
            self.to = to
        }

        /// The progress, from 0 to 1.
        public var share: Double { to > from ? min(1, max(0, Double(at - from) / Double(to - from))) : 1 }
    }

    /// A commit is stored: records, and seconds from its start.
    case committed(records: Int, seconds: Double)
    /// A commit failed and will be retried.
    case commitFailed(reason: String)
    /// The cause of a failed commit, one of a few names.
    case commitAborted(cause: String)
    /// What is wrong with the log; `nil` when it can be used again.
    case connection(problem: LogProblem?)
    /// Why the producer cannot commit; `nil` when it can again.
    case producer(problem: LogProblem?)
    /// A partition's state could not be read more than once; the restore is retried.
    case restoreFailing(partition: Int32, LogProblem)
    /// The delivery of a restored partition's jobs could not start for several seconds and is retried; `nil` when it
    /// has started.
    case beginFailing(partition: Int32, LogProblem?)
    /// Partitions whose jobs are delivered and whose leaders have not answered for a while, and whether these are all
    /// that this worker has started; empty when all answer again.
    case leadersSilent([Int32: LogProblem], isEvery: Bool)
    /// Offsets of the jobs topic, from `from` up to below `to`, were deleted before the worker read them.
    case unread(partition: Int32, from: Int64, to: Int64)
    /// The group's assignment changed, for this many partitions.
    case rebalanced(Rebalance, partitions: Int)
    /// A state partition is being read.
    case restoring(RestoreProgress)
    /// A state partition has been read: records, and seconds from its assignment.
    case restored(partition: Int32, records: Int, seconds: Double)
    /// The newest headers of files whose jobs a restored partition still remembers, at most one for each account, kind and
    /// format.
    case headers([FileHeader])
    /// Records of a topic were received.
    case consumed(topic: String, records: Int)
    /// Records of topics are stored, by topic.
    case sent([String: Int])
    /// The ends of partitions of the jobs topic, by partition.
    case ends([Int32: Int64])
}

/// Receives reports and observations, for logs, metrics and health checks. Called on the engine's thread; must return
/// at once.
public protocol WorkerObserver: Sendable {
    /// A report of the machine.
    func report(_ report: Report)
    /// An observation of the log.
    func observe(_ observation: LogObservation)
}
