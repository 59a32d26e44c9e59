import KafkaClient
import Logging
import WorkerRuntime

/// Records and positions in one transaction, fenced by the group's generation (KIP-447).
actor TransactionalCommitter: Committer {
    private let configuration: KafkaLogConfiguration
    private let logger: Logger
    private var producer: KafkaTransactionalProducer?
    private var isReady = false
    private var isClosed = false
    private var fencings: [ContinuousClock.Instant] = []

    /// Fencings within a minute after which another worker of the same name is the only explanation.
    private static let tolerableFencings = 3
    /// How long one try to get ready takes: closing waits for it.
    private static let preparation: Duration = .seconds(5)
    /// A transaction that was open for this long may have been fenced by the broker itself, for its age: this process
    /// was paused, or the brokers were away.
    private static let longTransaction: Duration = .seconds(5)

    init(_ configuration: KafkaLogConfiguration, logger: Logger) throws {
        self.configuration = configuration
        self.logger = logger
        producer = try Self.makeProducer(configuration, logger)
    }

    private static func makeProducer(
        _ configuration: KafkaLogConfiguration,
        _ logger: Logger
    ) throws -> KafkaTransactionalProducer {
        var kafka = configuration.kafka
        // A dead letter may be as large as the job that it was; whether it is too large is for the broker to say.
        kafka.properties.merge(["message.max.bytes": "16777216", "partitioner": "murmur2_random"]) { own, _ in own }
        return try KafkaTransactionalProducer(
            configuration: kafka,
            transactionalID: configuration.transactionalID,
            topics: configuration.topics.written,
            logger: logger
        )
    }

    /// Takes over the transactional id: a predecessor's open transaction is aborted by that.
    func prepare() async {
        var wait: Duration = .milliseconds(200)
        while !isReady, !isClosed, !Task.isCancelled {
            do {
                if producer == nil { producer = try Self.makeProducer(configuration, logger) }
                try await producer?.initTransactions(timeout: Self.preparation)
                isReady = true
            } catch {
                logger.error(
                    "The transactional producer is not ready; trying on. Check that the brokers are there and permit transactions",
                    metadata: [
                        "brokers": "\(configuration.kafka.bootstrapServers)",
                        "transactionalId": "\(configuration.transactionalID)", "error": "\(error)",
                    ]
                )
                if let error = error as? KafkaError, error.fault != .retry { await discard() }
                try? await Task.sleep(for: wait)
                wait = min(wait * 2, .seconds(5))
            }
        }
    }

    func commit(
        _ commit: LogCommit,
        consumer: KafkaConsumer,
        metadata: KafkaGroupMetadata
    ) async -> CommitOutcome {
        guard let producer, isReady else {
            return .aborted(reason: "the producer is not ready", cause: "producerNotReady")
        }
        let start = ContinuousClock.now
        let outcome = await attempt(commit, producer, metadata)
        guard case .failed(let error) = outcome else { return .committed }
        let tooLarge = error.deliveryFailures.filter { $0.error.code == .messageTooLarge }.map(\.tag)
        switch error.fault {
        case .fenced:
            if start.duration(to: .now) < Self.longTransaction {
                fencings = fencings.filter { $0.duration(to: .now) < .seconds(60) } + [.now]
            }
            return unresolved(error)
        case .fatal, .closed: return unresolved(error)
        case .retry, .abortTransaction, .staleGeneration, .rejected, .configuration: break
        }
        do {
            try await producer.abort()
        } catch {
            return unresolved(error)
        }
        if let smaller = commit.withoutBodies(ofDeadLetters: tooLarge) {
            return await self.commit(smaller, consumer: consumer, metadata: metadata)
        }
        return .aborted(error)
    }

    /// From here on nothing is committed with this producer, whoever asks first.
    private func unresolved(_ error: KafkaError) -> CommitOutcome {
        isReady = false
        return .unresolved(error)
    }

    private enum Attempt {
        case stored
        case failed(KafkaError)
    }

    private func attempt(
        _ commit: LogCommit,
        _ producer: KafkaTransactionalProducer,
        _ metadata: KafkaGroupMetadata
    ) async -> Attempt {
        let records = commit.records(configuration.topics)
        let offsets = commit.offsets(in: configuration.topics.jobs)
        return await producer.run { producer in
            do throws(KafkaError) {
                try producer.begin()
                for record in records { try producer.produce(record) }
                try producer.sendOffsets(offsets, groupMetadata: metadata)
                try producer.commit()
                return .stored
            } catch {
                return .failed(error)
            }
        }
    }

    func rebuild() async -> String? {
        if fencings.count > Self.tolerableFencings {
            return
                "Another worker with the WORKER_ID '\(configuration.workerID)' keeps taking over. Give each worker of group '\(configuration.groupID)' a WORKER_ID of its own."
        }
        await discard()
        await prepare()
        return nil
    }

    private func discard() async {
        isReady = false
        await producer?.close()
        producer = nil
    }

    func close() async {
        isClosed = true
        await discard()
    }
}
