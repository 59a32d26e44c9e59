/// A topic to create.
public struct KafkaTopicSpecification: Sendable, Hashable {
    /// The topic's name.
    public var name: String
    /// The number of partitions; `nil` takes the broker's default.
    public var partitions: Int32?
    /// The number of replicas of each partition; `nil` takes the broker's default.
    public var replicationFactor: Int32?
    /// Topic settings, such as `cleanup.policy`.
    public var configuration: [String: String]

    /// A topic to create.
    public init(
        name: String,
        partitions: Int32?,
        replicationFactor: Int32? = nil,
        configuration: [String: String] = [:]
    ) {
        self.name = name
        self.partitions = partitions
        self.replicationFactor = replicationFactor
        self.configuration = configuration
    }
}

/// What became of one topic in a request about several.
public struct KafkaTopicResult: Sendable {
    /// The topic's name.
    public var topic: String
    /// Why it failed, or `nil`.
    public var error: KafkaError?
}

/// A topic as the cluster has it.
public struct KafkaTopicDescription: Sendable, Hashable {
    /// One partition.
    public struct Partition: Sendable, Hashable {
        /// Its number.
        public var id: Int32
        /// The broker that leads it, `nil` when there is none at present.
        public var leader: Int32?
        /// The brokers that hold a copy.
        public var replicas: [Int32]
        /// Those whose copy is up to date.
        public var inSyncReplicas: [Int32]
    }

    /// The topic's name.
    public var name: String
    /// Its partitions by number.
    public var partitions: [Partition]
}
