import Foundation
import KafkaClient
public import Logging
import Synchronization
import Tracing
public import WorkerRuntime

/// The log port on Kafka: the group's assignment, restore, transactions and hand-over.
public final class KafkaLog: LogPort {
    let configuration: KafkaLogConfiguration
    let logger: Logger
    let assignments = Assignments()
    /// When the consumer last polled; liveness goes by it.
    public let consumerHeartbeat = Heartbeat()
    /// Whether transactions end, however they end; liveness goes by it.
    public let commitHeartbeat = CommitHeartbeat()

    private let parts = Mutex<Parts?>(nil)
    private let tasks = Mutex<[Task<Void, Never>]>([])
    let restores: AsyncSemaphore
    /// Pauses and resumptions, in the order in which the engine asks for them.
    private let commands: AsyncStream<@Sendable (KafkaLog, Parts) async -> Void>
    private let commandsContinuation: AsyncStream<@Sendable (KafkaLog, Parts) async -> Void>.Continuation

    /// What exists while the log runs.
    struct Parts: Sendable {
        var sink: any LogSink
        var consumer: KafkaConsumer
        /// Looks at topics.
        var admin: KafkaAdmin
        /// Reads state partitions.
        var reader: KafkaPartitionReader
        var committer: any Committer
        var monitor: ConnectionMonitor
    }

    /// Creates the port; nothing happens until `start`.
    public init(_ configuration: KafkaLogConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        restores = AsyncSemaphore(configuration.concurrentRestores)
        (commands, commandsContinuation) = AsyncStream.makeStream()
    }

    /// Whether this worker is a member of its group, with or without partitions.
    public var isGroupMember: Bool { assignments.isMember }

    // MARK: Starting and ending

    /// Joins the group.
    ///
    /// - Throws: `KafkaError` for a wrong configuration.
    public func start(_ sink: any LogSink) async throws {
        let committer: any Committer
        switch configuration.delivery {
        case .exactlyOnce: committer = try TransactionalCommitter(configuration, logger: logger)
        case .atLeastOnce:
            committer = try OffsetCommitter(configuration, logger: logger) { [assignments] commit in
                assignments.fence(for: commit.positions) != nil
            }
        }
        let events = ConsumerEvents(log: self, sink: sink)
        var options = KafkaConsumer.Options()
        options.rebalanceTimeout = configuration.revocationTimeout
        options.reportsPartitionEnd = true
        let consumer = try KafkaConsumer(
            configuration: configuration.memberConfiguration,
            groupID: configuration.groupID,
            options: options,
            handler: events,
            logger: logger
        )
        let monitor = ConnectionMonitor(
            consumer: consumer,
            probe: KafkaTopicPartition(topic: configuration.topics.jobs, partition: 0),
            sink: sink
        )
        events.monitor = monitor
        let parts = Parts(
            sink: sink,
            consumer: consumer,
            admin: try KafkaAdmin(configuration: configuration.kafka, logger: logger),
            reader: try KafkaPartitionReader(configuration: configuration.kafka, logger: logger),
            committer: committer,
            monitor: monitor
        )
        self.parts.withLock { $0 = parts }
        let commands = commands
        tasks.withLock {
            $0.append(Task { for await command in commands { await command(self, parts) } })
            $0.append(Task { await self.watchPartitionCount(parts) })
            $0.append(Task { await self.watchBacklog(parts) })
            $0.append(Task { await OrphanWatch(log: self, parts: parts).run() })
            $0.append(Task { await self.watchEnds(parts) })
        }
        await committer.prepare()
        try await consumer.subscribe([configuration.topics.jobs])
    }

    /// Leaves the group and gives everything back.
    public func close() async {
        commandsContinuation.finish()
        guard let parts = parts.withLock({ $0 }) else { return }
        for task in tasks.withLock({ $0 }) { task.cancel() }
        parts.monitor.stop()
        await parts.consumer.close()
        await parts.committer.close()
        await parts.reader.close()
        await parts.admin.close()
        self.parts.withLock { $0 = nil }
    }

    /// Partitions may be added while the worker runs; its share of the budget depends on how many there are.
    private func watchPartitionCount(_ parts: Parts) async {
        while !Task.isCancelled {
            var wait: Duration = .seconds(60)
            if let topic = try? await parts.admin.topic(configuration.topics.jobs) {
                parts.sink.partitionCount(topic.partitions.count)
            } else {
                wait = .seconds(2)
            }
            try? await Task.sleep(for: wait)
        }
    }

    /// What lies before the worker in its partitions. Asked of the brokers rarely: it costs a request a partition.
    private func watchEnds(_ parts: Parts) async {
        while !Task.isCancelled {
            var ends: [Int32: Int64] = [:]
            for partition in assignments.owned {
                let target = KafkaTopicPartition(topic: configuration.topics.jobs, partition: partition)
                guard let marks = try? await parts.admin.watermarks(target, timeout: .seconds(3)) else { break }
                ends[partition] = marks.high
            }
            parts.sink.observe(.ends(ends))
            try? await Task.sleep(for: ends.isEmpty ? .seconds(2) : .seconds(10))
        }
    }

    /// Says how many jobs are there to be read: without that, a consumer that stands still looks like an empty topic.
    private func watchBacklog(_ parts: Parts) async {
        while !Task.isCancelled {
            for (partition, epoch, end) in assignments.begun {
                let jobs = KafkaTopicPartition(topic: configuration.topics.jobs, partition: partition)
                guard !Task.isCancelled, let watermarks = try? await parts.consumer.watermarks(jobs)
                else { continue }
                // The last offsets may be markers of somebody's transactions: read to the end is read to the end. What an
                // open one holds back cannot be read and is not counted by the consumer's own watermark.
                let unread = end == watermarks.high ? nil : watermarks.high
                parts.sink.jobsEnd(partition: partition, epoch: epoch, unreadUpTo: unread)
            }
            try? await Task.sleep(for: configuration.backlogInterval)
        }
    }

    // MARK: What the engine asks for

    /// Delivers a restored partition's jobs from `offset` on.
    public func begin(partition: Int32, epoch: UInt32, from offset: Int64) {
        guard let parts = parts.withLock({ $0 }) else { return }
        let target = KafkaTopicPartition(topic: configuration.topics.jobs, partition: partition)
        // On its own: a partition whose leader is away must not keep the others waiting.
        Task {
            // Paused since it was assigned: nothing arrives before it is resumed.
            while assignments.isCurrent(partition, epoch) {
                do throws(KafkaError) {
                    try await parts.consumer.seek(KafkaTopicPartitionOffset(target, offset: offset))
                    return resume(target, epoch)
                } catch {
                    guard error.fault != .closed, assignments.isCurrent(partition, epoch) else { return }
                    logger.warning(
                        "Cannot seek; trying again",
                        metadata: ["partition": "\(partition)", "error": "\(error)"]
                    )
                    try? await Task.sleep(for: .milliseconds(500))
                }
            }
        }
    }

    private func resume(_ target: KafkaTopicPartition, _ epoch: UInt32) {
        commandsContinuation.yield { log, parts in
            guard let isWanted = log.assignments.begin(target.partition, epoch), isWanted else { return }
            do throws(KafkaError) {
                try await parts.consumer.resume([target])
            } catch {
                guard error.fault != .closed, log.assignments.isCurrent(target.partition, epoch) else { return }
                log.logger.warning(
                    "Cannot resume; trying again",
                    metadata: ["partition": "\(target.partition)", "error": "\(error)"]
                )
                Task {
                    try? await Task.sleep(for: .milliseconds(500))
                    log.resume(target, epoch)
                }
            }
        }
    }

    /// Stops or resumes the delivery of records.
    public func setIntake(isPaused: Bool) {
        commandsContinuation.yield { log, parts in
            // One by one: a partition that has gone meanwhile must not keep the others from following.
            for partition in log.assignments.setIntake(isPaused: isPaused) {
                let target = [KafkaTopicPartition(topic: log.configuration.topics.jobs, partition: partition)]
                if isPaused {
                    try? await parts.consumer.pause(target)
                } else {
                    try? await parts.consumer.resume(target)
                }
            }
        }
    }

    /// Stores a commit.
    public func commit(_ commit: LogCommit) {
        guard let parts = parts.withLock({ $0 }) else { return }
        commitHeartbeat.began()
        Task {
            defer { commitHeartbeat.ended() }
            guard let metadata = assignments.fence(for: commit.positions) else {
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
                parts.monitor.reached()
                let elapsed = (ContinuousClock.now - start).components
                parts.sink.committed(
                    commit.id,
                    seconds: Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18
                )
            case .aborted(let reason, let cause):
                parts.sink.observe(.commitAborted(cause: cause))
                parts.sink.commitFailed(commit.id, reason: reason)
            case .unresolved(let reason, let cause):
                parts.sink.observe(.commitAborted(cause: cause))
                await rebuild(after: commit.id, reason, parts)
            }
        }
    }

    /// Gives a partition up.
    public func release(partition: Int32, epoch: UInt32) {
        assignments.release(partition, epoch)?.complete()
    }

    // MARK: Losing the producer

    /// The producer is of no use any more and the last commit may or may not be stored. Only the log
    /// can tell: every partition is restored from it, without leaving the group.
    private func rebuild(after commit: UInt64, _ reason: String, _ parts: Parts) async {
        logger.warning("The producer is lost; partitions are restored", metadata: ["reason": "\(reason)"])
        let (staying, completed) = assignments.suspend(telling: parts.sink)
        completed?.complete()
        parts.sink.commitFailed(commit, reason: reason)
        for partition in staying {
            let target = KafkaTopicPartition(topic: configuration.topics.jobs, partition: partition)
            try? await parts.consumer.pause([target])
        }
        if let failure = await parts.committer.rebuild() { return parts.sink.failed(reason: failure) }
        restore(assignments.resume(telling: parts.sink))
    }

    // MARK: Restoring

    /// Restores partitions that the engine has been given.
    func restore(_ assigned: [(partition: Int32, epoch: UInt32)]) {
        guard let parts = parts.withLock({ $0 }) else { return }
        for (partition, epoch) in assigned {
            Task {
                var restore = PartitionRestore(partition: partition, epoch: epoch, log: self, parts: parts)
                await restore.run()
            }
        }
    }
}
