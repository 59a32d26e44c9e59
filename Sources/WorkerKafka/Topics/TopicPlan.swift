import Primitives

/// The settings of new topics, for `TopicSetup.create(_:)`.
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

    /// `max.message.bytes` of a new dead-letter topic, in bytes: a dead letter carries the whole record that could not be read,
    /// and headers beside it.
    public static let deadLetterMaxBytes = 4 << 20

    /// The settings of a new topic.
    func settings(_ role: TopicRole) -> [String: String] {
        var settings: [String: String] = [:]
        switch role {
        case .jobs, .results:
            settings["cleanup.policy"] = "delete"
            settings["retention.ms"] = String(retention.inMilliseconds)
        case .deadLetter:
            settings["cleanup.policy"] = "delete"
            settings["retention.ms"] = String(max(deadLetterRetention, retention).inMilliseconds)
            settings["max.message.bytes"] = String(Self.deadLetterMaxBytes)
        case .state:
            settings["cleanup.policy"] = "compact"
            // Without a limit of time or size even if an operator adds `delete` to the policy.
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
