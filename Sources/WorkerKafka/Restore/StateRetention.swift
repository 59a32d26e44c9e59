import KafkaClient
import Synchronization

/// How long a cluster keeps old records of the state topic: `PartitionRestore` and the topic check ask it.
final class StateRetention: Sendable {
    /// Tombstones may be removed this long after they are first compacted; Kafka's own default.
    static let defaultTombstoneRetention: Duration = .seconds(24 * 3_600)
    /// How long a broker's answer is cached.
    private static let memory: Duration = .seconds(60)

    private let admin: KafkaAdmin
    private let topic: String
    private let known = Mutex<(tombstones: Duration, at: ContinuousClock.Instant)?>(nil)
    private let isEmbedded = Mutex<Bool?>(nil)

    /// Stands for the broker's answers, in tests.
    private let assumed: (@Sendable () -> Duration)?

    init(admin: KafkaAdmin, topic: String, assumed: (@Sendable () -> Duration)? = nil) {
        self.admin = admin
        self.topic = topic
        self.assumed = assumed
    }

    /// How long a tombstone is kept: a restore that takes longer may have read a record and missed its tombstone.
    func tombstones() async -> Duration {
        if let assumed { return assumed() }
        if let known = known.withLock({ $0 }), known.at.duration(to: .now) < Self.memory { return known.tombstones }
        let settings = try? await admin.topicConfiguration(topic, timeout: .seconds(3))
        let found = settings?["delete.retention.ms"].flatMap { Int64($0) }.map { Duration.milliseconds($0) }
        let tombstones = found ?? Self.defaultTombstoneRetention
        known.withLock { $0 = (tombstones, .now) }
        return tombstones
    }

    /// Whether the broker drops old records of every topic: librdkafka's mock cluster does, which names itself so.
    func dropsOldRecords() async throws(KafkaError) -> Bool {
        guard assumed == nil else { return false }
        if let known = isEmbedded.withLock({ $0 }) { return known }
        guard let cluster = try await admin.clusterID() else { return false }
        let isMock = cluster.hasPrefix("mockCluster")
        isEmbedded.withLock { $0 = isMock }
        return isMock
    }
}
