public import KafkaClient

/// What `TopicSetup.create(_:)` did with one topic.
public struct TopicChange: Sendable {
    /// What was done, by its name in documents.
    public enum Outcome: String, Sendable, Hashable {
        /// It did not exist.
        case created
        /// It existed with fewer partitions than it needs.
        case partitionsAdded
        /// It existed; nothing was changed.
        case unchanged
        /// It could not be done.
        case failed
    }

    /// What was done, and what was not.
    public enum Step: Sendable {
        /// It was created.
        case created
        /// It was created, and this one, the other of the jobs topic and the state topic, holds records already.
        case createdBeside(TopicRole)
        /// It existed.
        case existed
        /// It existed, with another number of partitions than the plan has.
        case existedUnlikePlan
        /// It had this many partitions, and got as many as the jobs topic has.
        case extended(from: Int)
        /// Another process added the partitions.
        case extendedByOther
        /// It gets as many partitions as the jobs topic, which could not be created. Whether it exists.
        case leftAlone(exists: Bool)
        /// The broker answers other requests, but not those that change topics.
        case unsupported(KafkaErrorCode)
        /// The brokers refused.
        case refused(KafkaError)
    }

    /// What the topic is for.
    public var role: TopicRole
    /// The topic's name.
    public var topic: String
    /// The number of partitions afterwards, where it is known.
    public var partitions: Int?
    /// What was done, and what was not.
    public var step: Step

    /// What was done.
    public var outcome: Outcome {
        switch step {
        case .created, .createdBeside: .created
        case .extended: .partitionsAdded
        case .existed, .existedUnlikePlan, .extendedByOther, .leftAlone(exists: true): .unchanged
        case .leftAlone(exists: false), .unsupported, .refused: .failed
        }
    }
}
