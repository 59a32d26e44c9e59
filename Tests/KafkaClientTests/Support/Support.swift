import EmbeddedKafka
import Foundation
import KafkaClient
import Logging
import Synchronization
import Testing

let quiet = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }

/// Runs a body with an embedded cluster, and closes the cluster afterwards.
func withEmbeddedKafka<R>(
    brokers: Int = 1,
    _ body: (EmbeddedKafka) async throws -> R
) async throws -> R {
    let kafka = try EmbeddedKafka(brokers: brokers)
    defer { kafka.close() }
    return try await body(kafka)
}

extension EmbeddedKafka {
    /// A configuration for this cluster.
    func configuration(_ properties: [String: String] = [:]) -> KafkaConfiguration {
        KafkaConfiguration(bootstrapServers: bootstrapServers, properties: properties)
    }
}

/// A record copied out of its batch.
struct SeenRecord: Hashable {
    var topicPartition: KafkaTopicPartition
    var offset: Int64
    var value: String?
}

/// Records the events of a consumer, and completes its rebalance requests with a closure: at once by default.
final class RecordingHandler: KafkaConsumerHandler {
    struct Seen {
        var records: [SeenRecord] = []
        var requests: [KafkaRebalanceRequest] = []
        var abandoned: [KafkaRebalanceRequest] = []
        var errors: [KafkaError] = []
        var ends: [KafkaTopicPartitionOffset] = []
        var held: Set<KafkaTopicPartition> = []
        /// Records of partitions that this member did not hold.
        var strays: [SeenRecord] = []
        var metadata: KafkaGroupMetadata?
    }

    private let state = Mutex(Seen())
    private let answer: @Sendable (KafkaRebalanceRequest) -> Void

    init(answer: @escaping @Sendable (KafkaRebalanceRequest) -> Void = { $0.complete() }) {
        self.answer = answer
    }

    var seen: Seen { state.withLock { $0 } }

    func consumer(_ consumer: KafkaConsumer, received batch: KafkaRecordBatch) {
        state.withLock { seen in
            for run in batch.runs {
                for record in batch.records(of: run) {
                    let value = record.value.map { String(decoding: $0, as: UTF8.self) }
                    let one = SeenRecord(topicPartition: run.topicPartition, offset: record.offset, value: value)
                    seen.records.append(one)
                    if !seen.held.contains(run.topicPartition) { seen.strays.append(one) }
                }
            }
        }
    }

    func consumer(_ consumer: KafkaConsumer, rebalances request: KafkaRebalanceRequest) {
        state.withLock { seen in
            seen.requests.append(request)
            if let metadata = request.groupMetadata { seen.metadata = metadata }
            switch request.kind {
            case .assign: seen.held.formUnion(request.partitions)
            case .revoke, .lost: seen.held.subtract(request.partitions)
            }
        }
        answer(request)
    }

    func consumer(_ consumer: KafkaConsumer, gaveUpWaitingFor request: KafkaRebalanceRequest) {
        state.withLock { $0.abandoned.append(request) }
    }

    func consumer(_ consumer: KafkaConsumer, failed error: KafkaError) {
        state.withLock { $0.errors.append(error) }
    }

    func consumer(_ consumer: KafkaConsumer, reachedEndOf partition: KafkaTopicPartitionOffset) {
        state.withLock { $0.ends.append(partition) }
    }
}

/// Produces values and waits until they are delivered.
func produce(_ values: [String], to partition: KafkaTopicPartition, _ configuration: KafkaConfiguration) async throws {
    let producer = try KafkaProducer(configuration: configuration, logger: quiet)
    try await producer.run { producer throws(KafkaError) in
        for value in values {
            try producer.produce(
                KafkaProducerRecord(
                    topic: partition.topic,
                    partition: partition.partition,
                    value: Array(value.utf8)
                )
            )
        }
    }
    let failures = try await producer.flush()
    #expect(failures.isEmpty)
    await producer.close()
}

/// All values of a partition up to its present end.
func values(of partition: KafkaTopicPartition, _ configuration: KafkaConfiguration) async throws -> [String] {
    let reader = try KafkaPartitionReader(configuration: configuration, logger: quiet)
    let admin = try KafkaAdmin(configuration: configuration, logger: quiet)
    let end = try await admin.watermarks(partition).high
    let collected = Mutex<[String]>([])
    try await reader.read(partition, to: end) { records in
        collected.withLock { $0 += records.map { String(decoding: $0.value ?? [], as: UTF8.self) } }
    }
    await reader.close()
    await admin.close()
    return collected.withLock { $0 }
}
