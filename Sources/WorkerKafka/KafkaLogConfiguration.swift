public import KafkaClient
public import WorkerRuntime

/// The topics' names.
public struct KafkaTopicNames: Sendable, Hashable {
    /// Jobs and cancel commands, written by other systems.
    public var jobs = "payout.export.jobs"
    /// Completion events.
    public var results = "payout.export.results"
    /// The worker's own changelog.
    public var state = "payout.export.state"
    /// What could not be read as a job.
    public var deadLetter = "payout.export.dead-letter"

    /// Creates the default names.
    public init() {}

    /// The name of a topic that the worker writes.
    public func name(of topic: LogTopic) -> String {
        switch topic {
        case .state: state
        case .results: results
        case .deadLetter: deadLetter
        }
    }

    /// The topics that the worker writes.
    public var written: [String] { [state, results, deadLetter] }
    /// All topics.
    public var all: [String] { [jobs, results, state, deadLetter] }
}

/// What the guarantee is.
public enum DeliveryMode: String, Sendable, Hashable, CaseIterable {
    /// Records and positions in one transaction.
    case exactlyOnce = "exactly-once"
    /// Records first, positions afterwards: for clusters without transactions. A crash in between repeats records.
    case atLeastOnce = "at-least-once"
}

/// How the log is reached.
public struct KafkaLogConfiguration: Sendable {
    /// Brokers and librdkafka properties.
    public var kafka: KafkaConfiguration
    /// The consumer group.
    public var groupID: String
    /// Names this instance; with the group it makes the transactional id, so a successor of the same name fences it at once.
    public var workerID: String
    /// Whether the worker comes back under ``workerID`` after a restart: it is a static member of the group then, and
    /// gets its partitions back at once instead of waiting for its predecessor's session to expire.
    public var isWorkerIDStable = false
    /// The topics.
    public var topics: KafkaTopicNames
    /// The guarantee.
    public var delivery: DeliveryMode
    /// How long a revocation may wait for the last commit before the partitions are given up without it.
    public var revocationTimeout: Duration = .seconds(20)
    /// How often a partition whose state partition does not exist is looked at again.
    public var missingStateInterval: Duration = .seconds(10)
    /// How often the jobs topic is asked where its partitions end.
    public var backlogInterval: Duration = .seconds(10)
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

    /// The properties of the group's member.
    var memberConfiguration: KafkaConfiguration {
        var member = kafka
        var defaults = ["session.timeout.ms": "\(Self.sessionTimeout.components.seconds * 1_000)"]
        if isWorkerIDStable { defaults["group.instance.id"] = workerID }
        member.properties.merge(defaults) { own, _ in own }
        return member
    }

    var transactionalID: String { "payout-export-worker.\(groupID).\(workerID)" }
}
