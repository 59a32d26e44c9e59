public import KafkaClient

/// How `KafkaLog` reaches the brokers, what its group and topics are named, and how long it waits for what.
public struct KafkaLogConfiguration: Sendable {
    /// Brokers and librdkafka properties.
    public var kafka: KafkaConfiguration
    /// The consumer group.
    public var groupID: String
    /// The name of this instance. With the group it makes the transactional id, so a successor of the same name fences it
    /// at once.
    public var workerID: String
    /// Whether the worker comes back under ``workerID`` after a restart: it is a static member of the group then, and
    /// gets its partitions back at once instead of waiting for its predecessor's session to expire. Only with
    /// `KafkaGroupProtocol.classic`.
    public var isWorkerIDStable = false
    /// How the group assigns partitions.
    public var groupProtocol = KafkaGroupProtocol.classic
    /// The topics.
    public var topics: KafkaTopicNames
    /// The guarantee.
    public var delivery: DeliveryMode
    /// How long a revocation may wait for the last commit before the partitions are given up without it.
    public var revocationTimeout: Duration = .seconds(20)
    /// How often the worker checks again for a state partition that does not exist.
    public var missingStateInterval: Duration = .seconds(10)
    /// How often the worker reads where the partitions of the jobs topic end.
    public var backlogInterval: Duration = .seconds(10)
    /// How long a transactional id may hang at its coordinator before the worker uses another one. An earlier transaction
    /// may be open for its time-out, and coordinators check time-outs every ten seconds.
    public var transactionalIDPatience: Duration = .seconds(30)
    /// How long the reading of a state partition may stand still before it starts again.
    public var restoreStallTimeout: Duration = .seconds(30)
    /// How often the worker checks that partitions are still those that it restored.
    public var continuityInterval: Duration = .seconds(10)
    /// How often the worker checks whether an operator has written to the state of a stopped partition.
    public var stoppedInterval: Duration = .seconds(2)
    /// Partitions that are restored at the same time.
    public var concurrentRestores = 4

    /// Creates a configuration.
    public init(
        kafka: KafkaConfiguration,
        groupID: String,
        workerID: String,
        topics: KafkaTopicNames = KafkaTopicNames(),
        delivery: DeliveryMode = .exactlyOnce
    ) {
        self.kafka = kafka
        self.groupID = groupID
        self.workerID = workerID
        self.topics = topics
        self.delivery = delivery
    }

    /// How long the group waits for a member that was killed before it gives its partitions away, unless the
    /// configuration says otherwise. Rebalances wait for such a member too, so librdkafka's own 45 s would be a long
    /// stall; a worker has no pauses that could make it miss three heartbeats in a row.
    static let sessionTimeout: Duration = .seconds(10)

    /// Configured properties that the group protocol does not have.
    public var propertiesWithoutEffect: [String] {
        groupProtocol.unsupportedProperties.filter { kafka.properties[$0] != nil }.sorted()
    }

    /// The properties of the group's member.
    var memberConfiguration: KafkaConfiguration {
        var member = kafka
        guard groupProtocol == .classic else { return member }
        var defaults = ["session.timeout.ms": "\(Self.sessionTimeout.components.seconds * 1_000)"]
        if isWorkerIDStable { defaults["group.instance.id"] = workerID }
        member.properties.merge(defaults) { own, _ in own }
        return member
    }

    var transactionalID: String { "payout-export-worker.\(groupID).\(workerID)" }
}
