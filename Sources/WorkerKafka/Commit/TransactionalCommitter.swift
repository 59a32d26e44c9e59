import KafkaClient
import Logging
import Synchronization
import WorkerRuntime

/// The committer of `DeliveryMode.exactlyOnce`: stores records and positions in one transaction, fenced by the group's
/// generation (KIP-447).
actor TransactionalCommitter: Committer {
    private let configuration: KafkaLogConfiguration
    private let limits: TopicLimits
    private let logger: Logger
    /// How the current producer batches records.
    private var batching: ProducerBatching
    /// Until then each record is a batch of its own: records that are taken alone were refused together.
    private var singlesUntil: ContinuousClock.Instant?
    private var producer: KafkaTransactionalProducer?
    private var isReady = false {
        didSet { ability.store(isReady, ordering: .relaxed) }
    }
    private let ability = Atomic(false)
    /// Whether the producer is being replaced or made ready. A second `init_transactions` beside the first, or after it,
    /// would end the producer.
    private var isPreparing = false
    /// Whether the producer's last commit may or may not be stored: nothing is committed with it before ``rebuild()``.
    private var isLost = false
    private var id: TransactionalID
    private var reported: LogProblem?
    private let onReadiness: @Sendable (LogProblem?) -> Void
    private var isClosed = false
    private var fencings: [ContinuousClock.Instant] = []
    /// A commit that is searched for what is refused; an aborted commit comes back as it was.
    private struct SearchMark: Equatable {
        var commit: UInt64
        var records: Int
    }
    /// Up to where the last search came that ran out of time.
    private var searched: (mark: SearchMark, end: Int)?

    /// Fencings within a minute after which another worker of the same name is the only explanation.
    private static let tolerableFencings = 3
    /// How long one preparation of the producer may take: closing waits for it.
    private static let preparation: Duration = .seconds(2)
    /// How long closing a producer may take; one that still waits for its coordinator is left behind then.
    private static let closing: Duration = .seconds(5)
    /// A transaction that was open for this long may have been fenced by the broker itself, for its age: this process
    /// was paused, or the brokers were unreachable.
    private static let longTransaction: Duration = .seconds(5)
    /// How long records are sent one by one before they are sent together again.
    static let singlesTime: Duration = .seconds(600)

    /// - Parameter onReadiness: called with why the producer is not ready, and with `nil` when it is.
    init(
        _ configuration: KafkaLogConfiguration,
        _ limits: TopicLimits,
        logger: Logger,
        onReadiness: @escaping @Sendable (LogProblem?) -> Void
    ) throws {
        self.configuration = configuration
        self.limits = limits
        self.logger = logger
        self.onReadiness = onReadiness
        id = TransactionalID(configuration.transactionalID, patience: configuration.transactionalIDPatience)
        batching = ProducerBatching(limits, configuration.kafka)
        producer = try Self.makeProducer(configuration, configuration.transactionalID, batching, logger)
    }

    nonisolated var isAbleToCommit: Bool { ability.load(ordering: .relaxed) }

    private static func makeProducer(
        _ configuration: KafkaLogConfiguration,
        _ transactionalID: String,
        _ batching: ProducerBatching,
        _ logger: Logger
    ) throws -> KafkaTransactionalProducer {
        var kafka = batching.configuration(configuration.kafka)
        kafka.properties.merge(["partitioner": "murmur2_random"]) { own, _ in own }
        return try KafkaTransactionalProducer(
            configuration: kafka,
            transactionalID: transactionalID,
            transactionTimeout: transactionTimeout(batching),
            topics: configuration.topics.written,
            logger: logger
        )
    }

    /// A full commit whose records are all batches of their own takes many round trips.
    private static func transactionTimeout(_ batching: ProducerBatching) -> Duration {
        batching.isSingle ? .seconds(60) : .seconds(10)
    }

    /// Registers the transactional id, which aborts a predecessor's open transaction.
    func prepare() async {
        var wait: Duration = .milliseconds(200)
        while !isReady, !isClosed, !Task.isCancelled {
            if await makeReady() { return }
            guard await slept(for: wait) else { return }
            wait = min(wait * 2, .seconds(5))
        }
    }

    /// One try, unless one is in progress. Returns whether it worked.
    private func makeReady() async -> Bool {
        guard !isPreparing else { return false }
        isPreparing = true
        defer { isPreparing = false }
        return await prepareProducer()
    }

    private func prepareProducer() async -> Bool {
        do {
            if producer == nil {
                batching = wantedBatching
                producer = try Self.makeProducer(configuration, id.text, batching, logger)
            }
            let prepared = producer
            try await prepared?.initTransactions(timeout: Self.preparation)
            // It may have been closed meanwhile.
            guard producer === prepared, !isClosed else { return false }
            id.worked()
            isReady = true
            report(nil)
        } catch {
            guard !isClosed else { return false }
            await failed(error)
        }
        return isReady
    }

    private func failed(_ error: any Error) async {
        let problem = problem(of: error)
        report(problem)
        if id.failed(TransactionalID.Failure(problem.cause), at: .now) {
            logger.warning("Transactional id unusable, using another one", metadata: ["transactional.id": "\(id.text)"])
            await discard()
        } else if (error as? KafkaError)?.fault != .retry {
            await discard()
        }
    }

    private func problem(of error: any Error) -> LogProblem {
        guard let error = error as? KafkaError else { return LogProblem(.other, code: "_FAIL", message: "\(error)") }
        var problem = LogProblem(error, configuration)
        // Without a report about connections it is the coordinator that keeps the client waiting.
        if error.code == .timedOut { problem.cause = .hangingTransaction }
        let isOfTheID = problem.cause == .hangingTransaction || problem.cause == .transactionalIDRights
        if problem.subject.isEmpty || isOfTheID { problem.subject = id.text }
        return problem
    }

    private func report(_ problem: LogProblem?) {
        guard problem != reported else { return }
        reported = problem
        onReadiness(problem)
    }

    private var wantedBatching: ProducerBatching {
        if let until = singlesUntil, until < .now { singlesUntil = nil }
        return ProducerBatching(limits, configuration.kafka, isSingle: singlesUntil != nil)
    }

    /// Replaces a producer whose batches are larger than the topics allow, and prepares one whose last preparation failed:
    /// no caller tries again before the next commit. No transaction is open between two commits, so
    /// nothing is lost with a producer.
    private func adapt() async {
        guard !isClosed, !isPreparing, !isLost else { return }
        isPreparing = true
        defer { isPreparing = false }
        if producer != nil, wantedBatching != batching { await discard() }
        if !isReady { _ = await prepareProducer() }
    }

    func commit(
        _ commit: LogCommit,
        consumer: KafkaConsumer,
        metadata: KafkaGroupMetadata
    ) async -> CommitOutcome {
        await adapt()
        guard let producer, isReady else {
            return .aborted(reason: "the producer is not ready", cause: "producerNotReady")
        }
        let start = ContinuousClock.now
        guard let error = await attempt(commit, producer, metadata) else { return .committed }
        let (failures, isAborted) = await end(producer, after: error)
        // With a record that was not delivered nothing can have been committed, whatever else went wrong meanwhile.
        if let refusal = failures.first(where: \.error.code.refusesRecords)?.error {
            return await isolate(commit, refusal)
        }
        if case .fenced = error.fault, start.duration(to: .now) < Self.longTransaction {
            fencings = fencings.filter { $0.duration(to: .now) < .seconds(60) } + [.now]
        }
        guard isAborted else { return unresolved(error) }
        guard error.meansOldMetadata else { return .aborted(error) }
        await refreshTopics()
        return .oldMetadata(error)
    }

    /// Aborts the transaction where that is possible. Returns every record that was not delivered: reports may come after
    /// the call that failed because of them.
    private func end(
        _ producer: KafkaTransactionalProducer,
        after error: KafkaError
    ) async -> (failures: [KafkaDeliveryFailure], isAborted: Bool) {
        switch error.fault {
        case .fenced, .fatal, .closed:
            let late = await producer.settle(timeout: .seconds(1)).failures
            return (error.deliveryFailures + late, false)
        case .retry, .abortTransaction, .staleGeneration, .rejected, .configuration: break
        }
        do throws(KafkaError) {
            return (error.deliveryFailures + (try await producer.abort()), true)
        } catch let abortError {
            return (error.deliveryFailures + abortError.deliveryFailures, false)
        }
    }

    /// The brokers refuse records of the commit: finds out which. The producer is unusable afterwards, because the sequence
    /// numbers of the refused batch are missing.
    private func isolate(_ commit: LogCommit, _ refusal: KafkaError) async -> CommitOutcome {
        await discard()
        guard !isClosed else { return .aborted(refusal) }
        let (configuration, id, logger) = (configuration, id.text, logger)
        let probe = RefusalProbe(configuration: configuration, limits: limits) { batching in
            try Self.makeProducer(configuration, id, batching, logger)
        }
        let records = commit.records(configuration.topics)
        let mark = SearchMark(commit: commit.id, records: records.count)
        let start = searched?.mark == mark ? searched?.end ?? 0 : 0
        searched = nil
        switch await probe.refused(among: records, from: start) {
        case .refused(let tags): return .refused(tags, refusal)
        case .allTaken:
            singlesUntil = .now + Self.singlesTime
            return .refused([], refusal)
        case .unknown(let end):
            searched = (mark, end)
            return .aborted(refusal)
        }
    }

    func refreshTopics() async {
        try? await producer?.prepare(topics: configuration.topics.written, timeout: .seconds(5))
    }

    /// Nothing is committed with this producer any more, whichever commit comes next.
    private func unresolved(_ error: KafkaError) -> CommitOutcome {
        isReady = false
        isLost = true
        return .unresolved(error)
    }

    /// Runs the transaction. Returns what went wrong; `nil` when the commit is stored.
    private func attempt(
        _ commit: LogCommit,
        _ producer: KafkaTransactionalProducer,
        _ metadata: KafkaGroupMetadata
    ) async -> KafkaError? {
        let records = commit.records(configuration.topics)
        let offsets = commit.offsets(in: configuration.topics.jobs)
        let timeout = max(.seconds(30), Self.transactionTimeout(batching))
        return await producer.run { producer in
            do throws(KafkaError) {
                try producer.begin()
                for record in records { try producer.produce(record) }
                try producer.sendOffsets(offsets, groupMetadata: metadata)
                try producer.commit(timeout: timeout)
                return nil
            } catch {
                return error
            }
        }
    }

    func rebuild() async -> WorkerFailure.Cause? {
        if fencings.count > Self.tolerableFencings {
            return .workerIDInUse(workerID: configuration.workerID, groupID: configuration.groupID)
        }
        await discard()
        await prepare()
        return nil
    }

    private func discard(within bound: Duration = closing) async {
        isReady = false
        isLost = false
        guard let discarded = producer else { return }
        producer = nil
        await waiting(atMost: bound) { await discarded.close() }
    }

    func close(within bound: Duration) async {
        isClosed = true
        await discard(within: min(bound, Self.closing))
    }
}
