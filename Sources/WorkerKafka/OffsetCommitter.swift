import KafkaClient
import Logging
import WorkerRuntime

/// Records first, wholly delivered, then the positions: for clusters without transactions.
///
/// Events and dead letters go before the state that says they are published. A crash in between repeats an event, with
/// the same `ce_id`, when the step is done again; the other way round it would be lost. Positions go last.
actor OffsetCommitter: Committer {
    private let configuration: KafkaLogConfiguration
    private let logger: Logger
    /// Whether the assignments of a commit are still this worker's. Nothing fences it here, so it is asked between
    /// the steps: what remains is a worker that is paused in the middle of one.
    private let isCurrent: @Sendable (LogCommit) -> Bool
    private var producer: KafkaProducer?
    private var isClosed = false

    init(
        _ configuration: KafkaLogConfiguration,
        logger: Logger,
        isCurrent: @escaping @Sendable (LogCommit) -> Bool
    ) throws {
        self.configuration = configuration
        self.logger = logger
        self.isCurrent = isCurrent
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
        let records = zip(commit.outputs, commit.records(configuration.topics))
        let announcements = records.filter { $0.0.topic != .state }.map(\.1)
        let states = records.filter { $0.0.topic == .state }.map(\.1)
        for step in [announcements, states] where !step.isEmpty {
            guard isCurrent(commit) else { return Self.takenAway }
            let failures: [KafkaDeliveryFailure]
            do {
                failures = try await producer.run { (producer) throws(KafkaError) in
                    for record in step { try producer.produce(record) }
                    return try producer.flush()
                }
            } catch {
                return outcome(of: error)
            }
            guard let first = failures.first else { continue }
            let tooLarge = failures.filter { $0.error.code == .messageTooLarge }.map(\.tag)
            if tooLarge.count == failures.count, let smaller = commit.withoutBodies(ofDeadLetters: tooLarge) {
                return await self.commit(smaller, consumer: consumer, metadata: metadata)
            }
            return .aborted(first.error)
        }
        guard isCurrent(commit) else { return Self.takenAway }
        do {
            try await consumer.commit(commit.offsets(in: configuration.topics.jobs))
            return .committed
        } catch {
            return .aborted(error)
        }
    }

    private static let takenAway = CommitOutcome.aborted(
        reason: "a partition was taken away meanwhile",
        cause: "partitionTakenAway"
    )

    private func outcome(of error: KafkaError) -> CommitOutcome {
        switch error.fault {
        case .fatal, .fenced, .closed: return .unresolved(error)
        case .retry, .abortTransaction, .staleGeneration, .rejected, .configuration:
            return .aborted(error)
        }
    }

    func rebuild() async -> String? {
        await producer?.close()
        producer = nil
        while producer == nil, !isClosed, !Task.isCancelled {
            do {
                producer = try Self.makeProducer(configuration, logger)
            } catch {
                logger.warning("Cannot make a new producer; trying on", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .seconds(1))
            }
        }
        return nil
    }

    func close() async {
        isClosed = true
        await producer?.close()
    }
}
