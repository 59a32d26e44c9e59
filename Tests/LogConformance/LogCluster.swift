import EmbeddedKafka
import Foundation
import KafkaClient
import Logging
import WorkerKafka
import WorkerRuntime

/// What a log can show. A test that needs more than its log can is skipped by that name.
struct LogCapabilities: OptionSet, Sendable {
    let rawValue: Int

    /// Records of aborted transactions stay hidden to readers of committed ones.
    static let hidesAborted = LogCapabilities(rawValue: 1)
    /// Positions that a transaction carries are stored with it.
    static let storesTransactionalPositions = LogCapabilities(rawValue: 2)
    /// A transaction with a generation that is over is refused.
    static let checksGeneration = LogCapabilities(rawValue: 4)
    /// A second producer with the same transactional id fences the first.
    static let fencesProducers = LogCapabilities(rawValue: 8)

    static let all: LogCapabilities = [
        .hidesAborted, .storesTransactionalPositions, .checksGeneration, .fencesProducers,
    ]
}

/// A cluster that the suite runs on: topics of its own, and ports on them.
protocol LogCluster: Sendable {
    /// The topics, made afresh for one test.
    var topics: KafkaTopicNames { get }
    /// Makes a port for a worker.
    func makeLog(_ workerID: String, delivery: DeliveryMode) -> KafkaLog
    /// Enqueues job records, each into the partition given.
    func enqueue(_ records: [(partition: Int32, key: String, value: String)]) async throws
    /// Every record of a topic that a reader of committed records sees.
    func read(_ topic: String) async throws -> [KafkaReading]
    /// Gives everything back.
    func close() async throws
}

/// A record as a test reads it back.
struct KafkaReading: Sendable, Hashable {
    var partition: Int32
    var offset: Int64
    var key: String?
    var value: String?
    var headers: [String: String]
}

/// A cluster behind Kafka's protocol: the embedded broker, or one that the environment names.
final class KafkaCluster: LogCluster {
    static let partitions = 3
    static let address = ProcessInfo.processInfo.environment["KAFKA_BOOTSTRAP_SERVERS"].flatMap {
        $0.isEmpty ? nil : $0
    }

    let topics: KafkaTopicNames
    private let kafka: KafkaConfiguration
    private let broker: EmbeddedKafka?
    private let groupID: String
    private let logger: Logger

    /// Makes topics: on the embedded broker, or on the one at `address`.
    init(address: String?) async throws {
        let unique = UUID().uuidString.prefix(8).lowercased()
        var names = KafkaTopicNames()
        names.jobs = "conformance-\(unique).jobs"
        names.results = "conformance-\(unique).results"
        names.state = "conformance-\(unique).state"
        names.deadLetter = "conformance-\(unique).dead-letter"
        topics = names
        groupID = "conformance-\(unique)"
        var quiet = Logger(label: "conformance")
        quiet.logLevel = .critical
        logger = quiet
        broker = address == nil ? try EmbeddedKafka() : nil
        var configuration = KafkaConfiguration(bootstrapServers: address ?? broker?.bootstrapServers ?? "")
        configuration.properties = ["session.timeout.ms": "6000", "heartbeat.interval.ms": "500"]
        kafka = configuration
        if let broker {
            for topic in names.all { try broker.createTopic(topic, partitions: Self.partitions) }
        } else {
            try await createTopics()
        }
    }

    private func createTopics() async throws {
        let admin = try KafkaAdmin(configuration: kafka, logger: logger)
        let results = try await admin.createTopics(
            topics.all.map { name in
                KafkaTopicSpecification(
                    name: name,
                    partitions: Int32(Self.partitions),
                    replicationFactor: 1,
                    configuration: name == topics.state ? ["cleanup.policy": "compact"] : [:]
                )
            }
        )
        await admin.close()
        for result in results { if let error = result.error { throw error } }
    }

    func makeLog(_ workerID: String, delivery: DeliveryMode) -> KafkaLog {
        var configuration = KafkaLogConfiguration(
            kafka: kafka,
            groupID: groupID,
            workerID: workerID,
            topics: topics,
            delivery: delivery
        )
        configuration.revocationTimeout = .seconds(10)
        return KafkaLog(configuration, logger: logger)
    }

    func enqueue(_ records: [(partition: Int32, key: String, value: String)]) async throws {
        let producer = try KafkaProducer(configuration: kafka, logger: logger)
        let topic = topics.jobs
        let failures = try await producer.run { (producer) throws(KafkaError) in
            for record in records {
                try producer.produce(
                    KafkaProducerRecord(
                        topic: topic,
                        partition: record.partition,
                        key: Array(record.key.utf8),
                        value: Array(record.value.utf8),
                        headers: [KafkaHeader("traceparent", "00-abc")]
                    )
                )
            }
            return try producer.flush()
        }
        await producer.close()
        if let first = failures.first { throw first.error }
    }

    func read(_ topic: String) async throws -> [KafkaReading] {
        let reader = try KafkaPartitionReader(configuration: kafka, logger: logger)
        let admin = try KafkaAdmin(configuration: kafka, logger: logger)
        var readings: [KafkaReading] = []
        for number in 0..<Int32(Self.partitions) {
            let partition = KafkaTopicPartition(topic: topic, partition: number)
            let end = try await admin.watermarks(partition)
            guard end.high > end.low else { continue }
            try await reader.read(partition, from: .offset(end.low), to: end.high) { batch in
                for record in batch {
                    readings.append(
                        KafkaReading(
                            partition: number,
                            offset: record.offset,
                            key: record.key.map { String(decoding: $0, as: UTF8.self) },
                            value: record.value.map { String(decoding: $0, as: UTF8.self) },
                            headers: Dictionary(
                                record.headers.map { ($0.name, $0.text ?? "") },
                                uniquingKeysWith: { $1 }
                            )
                        )
                    )
                }
            }
        }
        await reader.close()
        await admin.close()
        return readings
    }

    func close() async throws {
        if let broker { return broker.close() }
        let admin = try KafkaAdmin(configuration: kafka, logger: logger)
        _ = try await admin.deleteTopics(topics.all)
        await admin.close()
    }
}
