/// What `TopicSetup.create(_:)` did with one topic; `topics create` prints it.
public struct TopicChange: Sendable {
    /// What was done.
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

    /// What the topic is for.
    public var role: TopicRole
    /// The topic's name.
    public var topic: String
    /// What was done.
    public var outcome: Outcome
    /// The number of partitions afterwards, where it is known.
    public var partitions: Int?
    /// What was done and what was not, as text for an operator.
    public var message: String
}
