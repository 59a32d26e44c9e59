public import KafkaClient

/// Creates the four topics as the worker needs them, and checks those that exist. The command's `topics` and the start of
/// a worker use it.
public struct TopicSetup: Sendable {
    let topics: KafkaTopicNames
    let admin: KafkaAdmin
    /// How long one request may take.
    let timeout: Duration

    /// Creates a setup; nothing happens until `check` or `create`.
    ///
    /// - Parameters:
    ///   - topics: the topics' names.
    ///   - admin: describes topics and changes them. Stays the caller's to close.
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
