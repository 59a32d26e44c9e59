public import KafkaClient

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
    /// The error with which the broker refused to report the topics' settings, which were not checked then.
    public var unreportedSettings: KafkaErrorCode?

    /// The findings that keep a worker from starting.
    public var obstacles: [TopicFinding] { problems.filter { !$0.isPartial } }
    /// What is wrong and must be repaired.
    public var problems: [TopicFinding] { findings.filter { $0.severity == .problem } }
    /// The findings that are a risk.
    public var warnings: [TopicFinding] { findings.filter { $0.severity == .warning } }
}
