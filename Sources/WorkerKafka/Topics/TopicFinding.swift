/// A fault or a risk that `TopicSetup.check(settings:ends:)` found in a topic.
public struct TopicFinding: Sendable, Hashable {
    /// How bad it is.
    public enum Severity: String, Sendable, Hashable {
        /// A worker does not start with it, unless it is partial.
        case problem
        /// A worker runs; it is a risk.
        case warning
    }

    /// What is wrong.
    public enum Fault: Sendable, Hashable {
        /// The topic does not exist.
        case missing
        /// The topic does not exist, and this one, the other of the jobs topic and the state topic, holds records.
        case missingBeside(String)
        /// The state topic has lost the older records of these partitions.
        case truncated([Int32])
        /// The state topic has another number of partitions than the jobs topic, which is named.
        case partitions(Int, jobsTopic: String, jobs: Int)
        /// No broker leads these partitions.
        case leaderless([Int32])
        /// Not all copies of a partition are in sync.
        case copiesBehind(partition: Int32, inSync: Int, copies: Int)
        /// The topic has these clean-up policies, which lose records that are needed, or keep too many.
        case cleanup([String])
        /// Tombstones of the state topic are kept for less than ``TopicSetup/leastTombstoneRetention``; milliseconds.
        case tombstoneRetention(Int64)
        /// `min.insync.replicas` does not fit the number of copies.
        case inSyncReplicas(minimum: Int, copies: Int)
        /// The topic takes records of this many bytes, and the worker can write larger ones.
        case recordBytes(limit: Int, largest: Int)
        /// The dead-letter topic takes records of this many bytes, no more than the jobs topic, which is named.
        case deadLetterBytes(limit: Int, jobsTopic: String, jobs: Int)
    }

    /// What the topic is for.
    public var role: TopicRole
    /// The topic's name.
    public var topic: String
    /// What is wrong.
    public var fault: Fault

    /// How bad it is.
    public var severity: Severity {
        switch fault {
        case .missing, .missingBeside, .partitions: .problem
        case .cleanup: role == .state ? .problem : .warning
        case .truncated, .leaderless, .copiesBehind, .tombstoneRetention, .inSyncReplicas, .recordBytes,
            .deadLetterBytes:
            .warning
        }
    }

    /// Whether it ends while topics are being changed, or concerns single partitions only: a worker starts in spite of it.
    public var isPartial: Bool { if case .partitions = fault { true } else { false } }
}
