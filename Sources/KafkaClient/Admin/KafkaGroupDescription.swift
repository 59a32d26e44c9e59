/// A consumer group with its members.
public struct KafkaGroupDescription: Sendable, Hashable {
    /// One member.
    public struct Member: Sendable, Hashable {
        /// The id that the group gave it.
        public var memberID: String
        /// The member's `client.id`.
        public var clientID: String
        /// Its address as the broker sees it.
        public var host: String
        /// What it is assigned.
        public var partitions: [KafkaTopicPartition]
    }

    static let dead = "Dead"

    /// The group's id.
    public var groupID: String
    /// Its state, such as `Stable`, `Empty` or `Dead`; `Dead` also stands for a group that does not exist.
    public var state: String
    /// How partitions are spread, such as `cooperative-sticky`.
    public var assignor: String
    /// The members that are there now.
    public var members: [Member]
}
