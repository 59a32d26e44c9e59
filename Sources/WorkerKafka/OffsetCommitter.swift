import KafkaClient
import Logging
import WorkerRuntime

/// Records first, wholly delivered, then the positions: for clusters without transactions.
///
/// A crash between the two repeats records: state records are the same again, an event comes again with
/// the same `ce_id`.
actor OffsetCommitter: Committer {
    private let configuration: KafkaLogConfiguration
    private let logger: Logger
    private var producer: KafkaProducer?

    init(_ configuration: KafkaLogConfiguration, logger: Logger) throws {
        self.configuration = configuration
        self.logger = logger
        producer = try Self.makeProducer(configuration, logger)
    }

    private static func makeProducer(
        _ configuration: KafkaLogConfiguration,
        _ logger: Logger
    ) throws -> KafkaProducer {
        var kafka = configuration.kafka
        kafka.properties.merge(["message.max.bytes": "16777216", "linger.ms": "0"]) { own, _ in own }
        return try KafkaProducer(configuration: kafka, partitioner: .murmur2, logger: logger)
    }

    func prepare() async {
        try? await producer?.prepare(topics: configuration.topics.written)
    }

    func commit(
        _ commit: LogCommit,
        consumer: KafkaConsumer,
        metadata: KafkaGroupMetadata
    ) async -> CommitOutcome {
        guard let producer else { return .aborted(reason: "the producer is not ready", cause: "producerNotReady") }
        let records = commit.records(configuration.topics)
        let failures: [KafkaDeliveryFailure]
        do {
            failures = try await producer.run { (producer) throws(KafkaError) in
                for record in records { try producer.produce(record) }
                return try producer.flush()
            }
        } catch {
            switch error.fault {
            case .fatal, .fenced, .closed: return .unresolved(error)
            default: return .aborted(error)
            }
        }
        if let first = failures.first {
            let tooLarge = failures.filter { $0.error.code == .messageTooLarge }.map(\.tag)
            if tooLarge.count == failures.count, let smaller = commit.withoutBodies(ofDeadLetters: tooLarge) {
                return await self.commit(smaller, consumer: consumer, metadata: metadata)
            }
            return .aborted(first.error)
        }
        do {
            try await consumer.commit(commit.offsets(in: configuration.topics.jobs))
            return .committed
        } catch {
            return .aborted(error)
        }
    }

    func rebuild() async -> String? {
        await producer?.close()
        producer = nil
        while producer == nil, !Task.isCancelled {
            do {
                producer = try Self.makeProducer(configuration, logger)
            } catch {
                logger.warning("Cannot make a new producer; trying on", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .seconds(1))
            }
        }
        return nil
    }

    func close() async { await producer?.close() }
}
