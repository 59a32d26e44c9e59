import Foundation
import KafkaClient
public import Logging
import Primitives
import Synchronization
import Tracing
public import WorkerRuntime

/// The log port on Kafka: the group's assignments, restore, commits and release. The engine calls it; its findings go to
/// the engine's `LogSink`.
public final class KafkaLog: LogPort {
    let configuration: KafkaLogConfiguration
    let logger: Logger
    /// `nil` without tracing.
    let tracer: (any Tracer)?
    let assignments = Assignments()
    let limits: TopicLimits
    /// When the consumer last polled: a condition of liveness.
    public let consumerHeartbeat = Heartbeat()
    /// Whether commits end, with or without success: a condition of liveness.
    public let commitHeartbeat = CommitHeartbeat()

    let gaps = DeliveryGaps()
    private let parts = Mutex<Parts?>(nil)
    /// Loops that end when the log begins to close.
    private let watches = OwnedTasks()
    /// Commits, restores and other work for the engine and the group; it ends once the clients are closed.
    let work = OwnedTasks()
    let restores: AsyncSemaphore
    /// Pauses and resumptions, in the order in which the engine asks for them.
    private let commands: AsyncStream<@Sendable (KafkaLog, Parts) async -> Void>
    private let commandsContinuation: AsyncStream<@Sendable (KafkaLog, Parts) async -> Void>.Continuation

    /// What exists while the log runs.
    struct Parts: Sendable {
        var sink: any LogSink
        var consumer: KafkaConsumer
        /// Describes topics and reads watermarks.
        var admin: KafkaAdmin
        /// Reads state partitions.
        var reader: KafkaPartitionReader
        var committer: any Committer
        var monitor: ConnectionMonitor
        var continuity: ContinuityWatch
        var stopped: StoppedPartitions
        var stateRetention: StateRetention
    }

    @Sendable private static func pause(
        _ consumer: KafkaConsumer,
        _ partitions: [KafkaTopicPartition],
        _ isPaused: Bool
    ) async throws(KafkaError) {
        if isPaused { try await consumer.pause(partitions) } else { try await consumer.resume(partitions) }
    }

    /// Pauses partitions or resumes them.
    typealias Pausing = @Sendable (KafkaConsumer, [KafkaTopicPartition], Bool) async throws(KafkaError) -> Void
    private let pausing: Pausing
    /// How long tombstones are kept, in tests.
    let tombstones: (@Sendable () -> Duration)?

    /// Creates the port; nothing happens until `start`.
    public convenience init(_ configuration: KafkaLogConfiguration, logger: Logger) {
        self.init(configuration, logger: logger, tombstones: nil)
    }

    /// - Parameters:
    ///   - pausing: stands for the consumer's own, in tests.
    ///   - tombstones: stands for the broker's setting, in tests.
    ///   - tracer: stands for the process's, in tests, which must be installed before.
    init(
        _ configuration: KafkaLogConfiguration,
        logger: Logger,
        pausing: @escaping Pausing = KafkaLog.pause,
        tombstones: (@Sendable () -> Duration)? = nil,
        tracer: (any Tracer)? = nil
    ) {
        self.configuration = configuration
        self.logger = logger
        self.tombstones = tombstones
        self.tracer = installedTracer(orOwn: tracer)
        self.pausing = pausing
        limits = TopicLimits(configuration, logger: logger)
        restores = AsyncSemaphore(configuration.concurrentRestores)
        (commands, commandsContinuation) = AsyncStream.makeStream()
    }

    /// Whether this worker is a member of its group, with or without partitions.
    public var isGroupMember: Bool {
        // A member without partitions gets no callback when its session expires, but it loses its id. One with an epoch gets
        // none for an assignment without partitions either.
        (assignments.isMember || configuration.groupProtocol == .consumer)
            && !(present?.consumer.memberID.isEmpty ?? true)
    }

    /// The parts, between the start and the end.
    var present: Parts? { parts.withLock { $0 } }

    // MARK: Starting and ending

    /// Joins the group.
    ///
    /// - Throws: `KafkaError` for a wrong configuration. What was opened until then is closed again.
    public func start(_ sink: any LogSink) async throws {
        let parts = try await open(sink)
        self.parts.withLock { $0 = parts }
        let commands = commands
        watches.start { for await command in commands { await command(self, parts) } }
        watches.start { await self.limits.watch(parts.admin, parts.sink) }
        watches.start { await self.watchPartitionCount(parts) }
        watches.start { await self.watchBacklog(parts) }
        watches.start { await OrphanWatch(log: self, parts: parts).run() }
        watches.start { await self.watchEnds(parts) }
        watches.start { await self.watchGaps(parts) }
        watches.start { await self.watchAddresses(parts) }
        watches.start { await parts.continuity.run(reportingTo: sink) }
        watches.start { await parts.stopped.run() }
        await parts.committer.prepare()
        // A stop that came meanwhile closes what is open.
        guard !Task.isCancelled else { return }
        try await parts.consumer.subscribe([configuration.topics.jobs])
    }

    /// Leaves the group and closes the clients, each within its part of the time that is left.
    public func close(within bound: Duration) async {
        let deadline = ContinuousClock.now + bound
        func left(_ share: Double) -> Duration { max(deadline - .now, .zero) * share }
        commandsContinuation.finish()
        guard let parts = present else { return }
        watches.cancel()
        limits.settle()
        parts.monitor.stop()
        await parts.consumer.close(within: left(0.7))
        await parts.committer.close(within: left(0.6))
        // The others hold nothing that has to be stored. librdkafka may take long to close one, such as a reader whose
        // topic was deleted, and the worker's stop must not wait for that.
        await waiting(atMost: min(Self.patience, left(0.6))) {
            await withDiscardingTaskGroup { group in
                group.addTask { await parts.reader.close() }
                group.addTask { await parts.continuity.close() }
                group.addTask { await parts.admin.close() }
            }
        }
        self.parts.withLock { $0 = nil }
        // Without clients nothing is left to do, but for a commit that librdkafka has not given up yet.
        let (watches, work) = (watches, work)
        await waiting(atMost: min(Self.patience, left(0.9))) {
            await watches.end()
            await work.end()
            await parts.monitor.end()
        }
    }

    /// How long clients that hold nothing to store may take to close, and tasks to end after that.
    static let patience: Duration = .seconds(2)

    // MARK: What the engine asks for

    /// Delivers nothing of a stopped partition, and restores it when an operator has written to its state.
    public func stopped(partition: Int32, epoch: UInt32) {
        guard let parts = present, assignments.end(partition, epoch) else { return }
        parts.continuity.forget(partition)
        parts.stopped.add(partition, epoch, stateEnd: parts.continuity.stateEnd(of: partition, epoch))
        commandsContinuation.yield { log, parts in
            let target = KafkaTopicPartition(topic: log.configuration.topics.jobs, partition: partition)
            guard log.assignments.isCurrent(partition, epoch) else { return }
            try? await parts.consumer.pause([target])
        }
    }

    func resume(_ target: KafkaTopicPartition, _ epoch: UInt32) {
        commandsContinuation.yield { log, parts in
            guard let isWanted = log.assignments.begin(target.partition, epoch) else { return }
            if isWanted { await log.follow(target, epoch, parts) }
        }
    }

    /// Pauses or resumes a partition that is begun, as the engine wants it now. It retries: a partition that stays paused
    /// looks like one without jobs.
    private func follow(_ target: KafkaTopicPartition, _ epoch: UInt32, _ parts: Parts) async {
        guard assignments.epoch(ofBegun: target.partition) == epoch else { return }
        do throws(KafkaError) {
            try await pausing(parts.consumer, [target], assignments.isIntakePaused)
        } catch {
            guard error.fault != .closed, assignments.isCurrent(target.partition, epoch) else { return }
            logger.warning(
                "Failed to pause or resume a partition, retrying",
                metadata: ["partition": "\(target.partition)", "error.message": "\(error)"]
            )
            work.start { [commandsContinuation] in
                guard await slept(for: Self.repetition) else { return }
                commandsContinuation.yield { log, parts in await log.follow(target, epoch, parts) }
            }
        }
    }

    /// Stops or resumes the delivery of records.
    public func setIntake(isPaused: Bool) {
        commandsContinuation.yield { log, parts in
            log.assignments.setIntake(isPaused: isPaused)
            // One by one: a partition that was revoked meanwhile must not fail the call for the others.
            for (partition, epoch, _) in log.assignments.begun {
                let target = KafkaTopicPartition(topic: log.configuration.topics.jobs, partition: partition)
                await log.follow(target, epoch, parts)
            }
        }
    }

    static let repetition: Duration = .milliseconds(500)

    /// Stores a commit.
    public func commit(_ commit: LogCommit) {
        guard let parts = present else { return }
        commitHeartbeat.began()
        work.start { await self.store(commit, parts) }
    }

    private func store(_ commit: LogCommit, _ parts: Parts) async {
        defer { commitHeartbeat.ended() }
        guard let metadata = await fence(for: commit, parts) else {
            parts.sink.observe(.commitAborted(cause: "partitionTakenAway"))
            return parts.sink.commitFailed(commit.id, reason: "a partition was taken away meanwhile")
        }
        let start = ContinuousClock.now
        let span = commitSpan(commit)
        let outcome = await parts.committer.commit(commit, consumer: parts.consumer, metadata: metadata)
        commitHeartbeat.ended()
        end(span, outcome)
        switch outcome {
        case .committed:
            parts.sink.observe(.sent(commit.counts(configuration.topics)))
            parts.monitor.groupAnswered()
            parts.sink.committed(commit.id, seconds: (ContinuousClock.now - start).inSeconds)
        case .aborted(let reason, let cause):
            parts.sink.observe(.commitAborted(cause: cause))
            // The topic may have been deleted and created again.
            if Self.meansNoTopic(cause) { parts.continuity.suspect() }
            let rights = configuration.rightsOfCommits(refusedBy: cause).map { ". Commits need: \($0)" } ?? ""
            parts.sink.commitFailed(commit.id, reason: reason + rights)
        case .refused(let outputs, let reason, let cause):
            parts.sink.observe(.commitAborted(cause: cause))
            // The topic's limit may be lower than before; the outputs that follow must fit.
            await limits.refresh(parts.admin, parts.sink, always: false)
            guard !outputs.isEmpty else { return parts.sink.commitFailed(commit.id, reason: reason) }
            parts.sink.commitRefused(commit.id, outputs: outputs, reason: reason)
        case .unresolved(let reason, let cause):
            parts.sink.observe(.commitAborted(cause: cause))
            await rebuild(after: commit.id, reason, parts)
        }
    }

    private static func meansNoTopic(_ cause: String) -> Bool {
        [KafkaErrorCode.unknownTopicOrPartition, .unknownPartition].contains { $0.name == cause }
    }

    /// Releases a partition; the last one of a revocation completes it.
    public func release(partition: Int32, epoch: UInt32) {
        assignments.release(partition, epoch)?.complete()
    }

    // MARK: Losing the producer

    /// The producer is unusable and the last commit may or may not be stored. Only the log shows which: every partition
    /// is restored from it, without leaving the group.
    private func rebuild(after commit: UInt64, _ reason: String, _ parts: Parts) async {
        logger.warning("Producer lost, restoring all partitions", metadata: ["reason": "\(reason)"])
        let (staying, completed) = assignments.suspend(reportingTo: parts.sink)
        completed?.complete()
        parts.sink.commitFailed(commit, reason: reason)
        for partition in staying {
            let target = KafkaTopicPartition(topic: configuration.topics.jobs, partition: partition)
            try? await parts.consumer.pause([target])
        }
        if let failure = await parts.committer.rebuild() { return parts.sink.failed(failure) }
        restore(assignments.resume(reportingTo: parts.sink))
    }

    /// Makes the producer read its topics' metadata, before the next commit.
    func refreshProducer() {
        guard let parts = present else { return }
        work.start { await parts.committer.refreshTopics() }
    }

    // MARK: Restoring

    /// Restores partitions that were assigned to the engine.
    func restore(_ assigned: [(partition: Int32, epoch: UInt32)]) {
        guard let parts = present else { return }
        for (partition, epoch) in assigned {
            work.start {
                var restore = PartitionRestore(partition: partition, epoch: epoch, log: self, parts: parts)
                await restore.run()
            }
        }
    }
}
