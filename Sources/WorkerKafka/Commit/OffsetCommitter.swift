import KafkaClient
import Logging
import WorkerRuntime

/// The committer of `DeliveryMode.atLeastOnce`: delivers all records first, then commits the positions. For clusters
/// without transactions.
///
/// Events and dead letters go before the state that says they are published. A crash in between repeats an event, with
/// the same `ce_id`, when the step is done again; the other way round it would be lost. Positions go last.
actor OffsetCommitter: Committer {
    private let configuration: KafkaLogConfiguration
    private let limits: TopicLimits
    private let logger: Logger
    /// How the current producer batches records.
    private var batching: ProducerBatching
    /// Until then each record is a batch of its own.
    private var singlesUntil: ContinuousClock.Instant?
    /// Whether the assignments of a commit are still this worker's. Nothing fences commits here, so it is checked between
    /// the steps; a worker that is paused in the middle of a step remains unfenced.
    private let isCurrent: @Sendable (LogCommit) -> Bool
    private var producer: KafkaProducer?
    private var isClosed = false

    init(
        _ configuration: KafkaLogConfiguration,
        _ limits: TopicLimits,
        logger: Logger,
        isCurrent: @escaping @Sendable (LogCommit) -> Bool
    ) throws {
        self.configuration = configuration
        self.limits = limits
        self.logger = logger
        self.isCurrent = isCurrent
        batching = ProducerBatching(limits, configuration.kafka)
        producer = try Self.makeProducer(configuration, batching, logger)
    }

    private static func makeProducer(
        _ configuration: KafkaLogConfiguration,
        _ batching: ProducerBatching,
        _ logger: Logger
    ) throws -> KafkaProducer {
        var kafka = batching.configuration(configuration.kafka)
        kafka.properties.merge(["linger.ms": "0"]) { own, _ in own }
        // After a record that is not stored, no later one is stored either: a state record implies those before it.
        kafka.properties["enable.gapless.guarantee"] = "true"
        return try KafkaProducer(configuration: kafka, logger: logger)
    }

    /// Problems show in the outcomes of its commits.
    nonisolated var isAbleToCommit: Bool { true }

    func prepare() async { await refreshTopics() }

    func refreshTopics() async {
        try? await producer?.prepare(topics: configuration.topics.written)
    }

    func commit(
        _ commit: LogCommit,
        consumer: KafkaConsumer,
        metadata: KafkaGroupMetadata
    ) async -> CommitOutcome {
        await adapt()
        let records = zip(commit.outputs, commit.records(configuration.topics))
        let announcements = records.filter { $0.0.topic != .state }.map(\.1)
        let states = records.filter { $0.0.topic == .state }.map(\.1)
        for step in [announcements, states] where !step.isEmpty {
            guard isCurrent(commit) else { return Self.takenAway }
            guard let producer else { return .aborted(reason: "the producer is not ready", cause: "producerNotReady") }
            do {
                let failures = try await Self.deliver(step, producer, singly: batching.isSingle)
                guard let first = failures.first else { continue }
                guard let refusal = failures.first(where: \.error.code.refusesRecords)?.error else {
                    guard first.error.meansOldMetadata else { return .aborted(first.error) }
                    await refreshTopics()
                    return .oldMetadata(first.error)
                }
                let refused = try await isolate(step, refusal)
                guard refused.isEmpty else { return .refused(refused, refusal) }
            } catch {
                guard error.meansOldMetadata else { return await outcome(of: error) }
                await refreshTopics()
                return .oldMetadata(error)
            }
        }
        guard isCurrent(commit) else { return Self.takenAway }
        do {
            try await consumer.commit(commit.offsets(in: configuration.topics.jobs))
            return .committed
        } catch {
            return .aborted(error)
        }
    }

    /// Delivers records in order, up to the first that is refused: singly so few at a time that the brokers take each as a
    /// batch of its own within the time-out of one flush.
    private static func deliver(
        _ records: [KafkaProducerRecord],
        _ producer: KafkaProducer,
        singly: Bool
    ) async throws(KafkaError) -> [KafkaDeliveryFailure] {
        let size = singly ? 500 : max(1, records.count)
        for start in stride(from: 0, to: records.count, by: size) {
            let chunk = Array(records[start..<min(start + size, records.count)])
            let failures = try await deliver(chunk, producer)
            guard failures.isEmpty else { return failures }
        }
        return []
    }

    /// Delivers records in order, up to the first that is refused. Returns those that are known not to be delivered; where
    /// there is one, any record after it may be missing too.
    private static func deliver(
        _ records: [KafkaProducerRecord],
        _ producer: KafkaProducer
    ) async throws(KafkaError) -> [KafkaDeliveryFailure] {
        try await producer.run { (producer) throws(KafkaError) in
            var failures: [KafkaDeliveryFailure] = []
            do throws(KafkaError) {
                for record in records { try producer.produce(record) }
            } catch {
                // librdkafka itself refuses the record; those before it are on their way.
                guard error.code.refusesRecords else { throw error }
                failures = error.deliveryFailures
            }
            do throws(KafkaError) {
                return failures + (try producer.flush())
            } catch {
                // The gap that a refusal leaves makes the producer unusable; the refusal is the reason.
                failures += error.deliveryFailures
                guard failures.contains(where: \.error.code.refusesRecords) else { throw error }
                return failures
            }
        }
    }

    /// Sends a step again, each record as a batch of its own: the broker names the batch and never the record. Returns the
    /// tags of those that are refused alone; where there are none, all of the step is delivered.
    private func isolate(
        _ step: [KafkaProducerRecord],
        _ refusal: KafkaError
    ) async throws(KafkaError) -> Set<UInt> {
        // The sequence numbers of the refused batch are missing, so the producer is unusable.
        await producer?.close()
        producer = nil
        batching = ProducerBatching(limits, configuration.kafka, isSingle: true)
        guard let singly = try? Self.makeProducer(configuration, batching, logger) else { throw refusal }
        producer = singly
        let failures = try await Self.deliver(step, singly, singly: true)
        let refused = failures.filter(\.error.code.refusesRecords)
        if refused.isEmpty, let other = failures.first { throw other.error }
        // Taken alone and refused together: then one by one for some time.
        if refused.isEmpty { singlesUntil = .now + TransactionalCommitter.singlesTime } else { await discard() }
        return Set(refused.map(\.tag))
    }

    /// The next commit makes another producer.
    private func discard() async {
        await producer?.close()
        producer = nil
    }

    /// Replaces a producer whose batches are larger than the topics allow.
    private func adapt() async {
        if let until = singlesUntil, until < .now { singlesUntil = nil }
        let wanted = ProducerBatching(limits, configuration.kafka, isSingle: singlesUntil != nil)
        guard !isClosed, wanted != batching || producer == nil else { return }
        await producer?.close()
        batching = wanted
        producer = try? Self.makeProducer(configuration, batching, logger)
    }

    private static let takenAway = CommitOutcome.aborted(
        reason: "a partition was taken away meanwhile",
        cause: "partitionTakenAway"
    )

    private func outcome(of error: KafkaError) async -> CommitOutcome {
        // A record was not delivered in time and none after it was sent: another producer sends them again.
        if error.code == .gaplessGuarantee {
            await discard()
            return .aborted(error)
        }
        switch error.fault {
        case .fatal, .fenced, .closed: return .unresolved(error)
        case .retry, .abortTransaction, .staleGeneration, .rejected, .configuration:
            return .aborted(error)
        }
    }

    func rebuild() async -> WorkerFailure.Cause? {
        await producer?.close()
        producer = nil
        while producer == nil, !isClosed, !Task.isCancelled {
            do {
                producer = try Self.makeProducer(configuration, batching, logger)
            } catch {
                logger.warning("Failed to create a producer, retrying", metadata: ["error.message": "\(error)"])
                guard await slept(for: .seconds(1)) else { return nil }
            }
        }
        return nil
    }

    func close(within bound: Duration) async {
        isClosed = true
        guard let producer else { return }
        await waiting(atMost: bound) { await producer.close() }
    }
}
