/// A fault or a risk that `TopicSetup.check(settings:ends:)` found in a topic.
public struct TopicFinding: Sendable, Hashable {
    /// How bad it is.
    public enum Severity: String, Sendable, Hashable {
        /// A worker does not start with it, unless it is partial.
        case problem
        /// A worker runs; it is a risk.
        case warning
    }

    /// How bad it is.
    public var severity: Severity
    /// What the topic is for.
    public var role: TopicRole
    /// The topic's name.
    public var topic: String
    /// What is wrong.
    public var message: String
    /// The command that repairs it.
    public var remedy: String
    /// Whether it ends while topics are being changed, or concerns single partitions only: a worker starts in spite of it.
    public var isPartial = false
}

/// What a check of the topics found.
public struct TopicReport: Sendable {
    /// A topic as it is.
    public struct Topic: Sendable, Hashable {
        /// What the topic is for.
        public var role: TopicRole
        /// The topic's name.
        public var name: String
        /// The number of partitions; `nil` when there is no such topic.
        public var partitions: Int?
        /// Copies of each partition.
        public var replicationFactor: Int?
        /// The settings that matter here, by name; empty when the broker does not report them.
        public var settings: [String: String] = [:]
    }

    /// The topics.
    public var topics: [Topic] = []
    /// What is wrong.
    public var findings: [TopicFinding] = []
    /// What could not be checked, and why.
    public var skipped: [String] = []

    /// The findings that keep a worker from starting.
    public var obstacles: [TopicFinding] { problems.filter { !$0.isPartial } }
    /// What is wrong and must be repaired.
    public var problems: [TopicFinding] { findings.filter { $0.severity == .problem } }
    /// The findings that are a risk.
    public var warnings: [TopicFinding] { findings.filter { $0.severity == .warning } }
}
