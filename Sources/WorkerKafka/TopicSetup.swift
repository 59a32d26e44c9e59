public import KafkaClient

/// Creates the four topics as the worker needs them, and says what is wrong with those that exist.
public struct TopicSetup: Sendable {
    let topics: KafkaTopicNames
    let admin: KafkaAdmin
    /// How long one request may take.
    let timeout: Duration

    /// Creates a setup; nothing happens until ``check()`` or ``create(_:)``.
    ///
    /// - Parameters:
    ///   - topics: the topics' names.
    ///   - admin: looks at topics and changes them. Stays the caller's to close.
    ///   - timeout: how long one request may take.
    public init(topics: KafkaTopicNames, admin: KafkaAdmin, timeout: Duration = .seconds(10)) {
        self.topics = topics
        self.admin = admin
        self.timeout = timeout
    }

    /// The topics with what they are for, in the order in which people read about them.
    var roles: [(role: TopicRole, name: String)] {
        [
            (.jobs, topics.jobs), (.results, topics.results), (.state, topics.state),
            (.deadLetter, topics.deadLetter),
        ]
    }
}

/// What a topic is for.
public enum TopicRole: String, Sendable, Hashable, CaseIterable {
    /// Jobs and cancel commands.
    case jobs
    /// Completion events.
    case results
    /// The worker's own changelog.
    case state
    /// What could not be read as a job.
    case deadLetter = "dead-letter"
}

/// How topics are to be created.
public struct TopicPlan: Sendable, Hashable {
    /// Partitions of the jobs topic, and so the most workers that can share the work.
    public var partitions: Int32 = 6
    /// Copies of each partition; `nil` takes the broker's default.
    public var replicationFactor: Int32?
    /// How long jobs and events are kept.
    public var retention: Duration = .seconds(7 * 86_400)
    /// How long dead letters are kept: people look at them later than programs at events.
    public var deadLetterRetention: Duration = .seconds(30 * 86_400)

    /// The defaults.
    public init() {}

    /// A dead letter carries the whole record that could not be read, and headers beside it.
    static let deadLetterMaxBytes = 4 << 20

    /// The settings of a new topic.
    func settings(_ role: TopicRole) -> [String: String] {
        var settings: [String: String] = [:]
        switch role {
        case .jobs, .results:
            settings["cleanup.policy"] = "delete"
            settings["retention.ms"] = String(retention.wholeMilliseconds)
        case .deadLetter:
            settings["cleanup.policy"] = "delete"
            settings["retention.ms"] = String(max(deadLetterRetention, retention).wholeMilliseconds)
            settings["max.message.bytes"] = String(Self.deadLetterMaxBytes)
        case .state:
            settings["cleanup.policy"] = "compact"
            // Without a limit of time or size even if somebody adds `delete` to the policy.
            settings["retention.ms"] = "-1"
            settings["retention.bytes"] = "-1"
            // Only closed segments are compacted, and a restore reads what is not: keep the open one small and short.
            settings["segment.bytes"] = String(64 << 20)
            settings["segment.ms"] = String(6 * 3_600_000)
            settings["min.cleanable.dirty.ratio"] = "0.1"
        }
        if let replicationFactor, replicationFactor >= 3 { settings["min.insync.replicas"] = "2" }
        return settings
    }
}

extension Duration {
    var wholeMilliseconds: Int64 { components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000 }
}
