public import ExportCore

/// What the log tells that decides nothing.
public enum LogObservation: Sendable {
    /// How the group's assignment changed.
    public enum Rebalance: String, Sendable, CaseIterable {
        /// Partitions came.
        case assigned
        /// Partitions are wanted elsewhere, in order.
        case revoked
        /// Partitions were taken away.
        case lost
    }

    /// How far the reading of a state partition is.
    public struct RestoreProgress: Sendable, Hashable {
        /// The partition.
        public var partition: Int32
        /// The assignment.
        public var epoch: UInt32
        /// Where reading began.
        public var from: Int64
        /// Where it is.
        public var at: Int64
        /// Where it ends.
        public var to: Int64

        /// Creates a progress.
        public init(partition: Int32, epoch: UInt32, from: Int64, at: Int64, to: Int64) {
            self.partition = partition
            self.epoch = epoch
            self.from = from
            self.at = at
            self.to = to
        }

        /// From 0 to 1.
        public var share: Double { to > from ? min(1, max(0, Double(at - from) / Double(to - from))) : 1 }
    }

    /// A commit is stored: records, and seconds from its start.
    case committed(records: Int, seconds: Double)
    /// A commit failed and will be repeated.
    case commitFailed(reason: String)
    /// Why a commit failed, as one of few names.
    case commitAborted(cause: String)
    /// The log can be reached again (`nil`), or what is wrong.
    case connection(problem: String?)
    /// The group's assignment changed, for so many partitions.
    case rebalanced(Rebalance, partitions: Int)
    /// A state partition is being read.
    case restoring(RestoreProgress)
    /// A state partition is read: records, and seconds from its assignment.
    case restored(partition: Int32, records: Int, seconds: Double)
    /// Records of a topic came.
    case consumed(topic: String, records: Int)
    /// Records of topics are stored, by topic.
    case sent([String: Int])
    /// The ends of partitions of the jobs topic, by partition.
    case ends([Int32: Int64])
}

/// Is told what happens: logs, metrics, health. Called on the engine's thread; returns at once.
public protocol WorkerObserver: Sendable {
    /// What the machine reports.
    func report(_ report: Report)
    /// What the log tells.
    func observe(_ observation: LogObservation)
}
