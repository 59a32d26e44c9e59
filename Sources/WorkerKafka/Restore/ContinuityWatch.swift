import ExportCore
import KafkaClient
import Logging
import Primitives
import Synchronization
import WorkerRuntime

/// Finds out when a partition is not the one that was restored: its topic was deleted and created again, or lost records.
/// `KafkaLog` owns it; a partition that fails the check stops.
///
/// A topic's name and a partition's offsets do not show it. Two things do: an end below what was delivered, and
/// another record at an offset that was delivered. The record is known by its timestamp. It is read again before the
/// first delivery, periodically, and whenever something makes another topic likely.
final class ContinuityWatch: Sendable {
    struct Watched {
        var epoch: UInt32
        /// Where reading is. Offsets of one topic only rise.
        var position: Int64
        /// Records of the topic that was restored, the best first.
        var anchors: [JobsMark]
        /// The newest record that was delivered. It may be of another topic until an anchor is found again.
        var newest: JobsMark?
        /// The end of the state partition, as far as it was seen.
        var stateEnd: Int64
    }

    struct State {
        var watched: [Int32: Watched] = [:]
        /// Ends of state partitions that were read and whose jobs are not begun, by partition.
        var restored: [Int32: (epoch: UInt32, end: Int64)] = [:]
        var suspected = false
    }

    let state = Mutex(State())
    private let log: KafkaLog
    private let admin: KafkaAdmin
    private let witness: RecordWitness

    /// How often an end below the position is read again before it counts.
    private static let confirmations = 3
    /// How often a suspicion is checked for.
    private static let tick: Duration = .milliseconds(500)
    /// Partitions that are checked at the same time.
    private static let concurrentChecks = 8
    /// How long a broker may take for an answer.
    private static let patience: Duration = .seconds(3)

    init(log: KafkaLog, admin: KafkaAdmin) throws(KafkaError) {
        self.log = log
        self.admin = admin
        witness = try RecordWitness(configuration: log.configuration.kafka, admin: admin, logger: log.logger)
    }

    func close() async { await witness.close() }

    // MARK: What is known

    /// The state of a partition was read up to `end`.
    func restored(_ partition: Int32, _ epoch: UInt32, stateEnd end: Int64) {
        state.withLock {
            $0.restored[partition] = (epoch, end)
            $0.watched[partition] = nil
        }
    }

    /// The end of a partition's state when it was read under this epoch; `nil` when it was not, and once jobs are delivered:
    /// commits move it then.
    func stateEnd(of partition: Int32, _ epoch: UInt32) -> Int64? {
        state.withLock { state in state.restored[partition].flatMap { $0.epoch == epoch ? $0.end : nil } }
    }

    /// Jobs of a partition, which was checked, are delivered from this position on.
    func begin(_ partition: Int32, _ epoch: UInt32, at position: JobsPosition) {
        state.withLock { state in
            // A late call must not replace a newer assignment.
            guard (state.watched[partition]?.epoch ?? 0) <= epoch else { return }
            var stateEnd: Int64 = 0
            if let restored = state.restored[partition], restored.epoch == epoch {
                stateEnd = restored.end
                state.restored[partition] = nil
            }
            state.watched[partition] = Watched(
                epoch: epoch,
                position: position.offset,
                anchors: position.marks,
                stateEnd: stateEnd
            )
        }
    }

    /// Records were delivered.
    func delivered(_ partition: Int32, _ epoch: UInt32, _ records: [LogRecord]) {
        guard let first = records.first, let last = records.last else { return }
        // A record that was too large to be copied would be unpacked again each time.
        let newest = records.reversed().lazy.filter { $0.content.omitted == OmittedParts() }.compactMap { record in
            record.timestamp.map { JobsMark(offset: record.offset, timestamp: $0) }
        }.first
        state.withLock { state in
            guard var watched = state.watched[partition], watched.epoch == epoch else { return }
            guard first.offset >= watched.position else { return state.suspected = true }
            watched.position = last.offset + 1
            if let newest { watched.newest = newest }
            // Without an anchor, the first record identifies the topic.
            if watched.anchors.isEmpty { watched.anchors = [newest].compactMap { $0 } }
            state.watched[partition] = watched
        }
    }

    /// Something happened that may mean another topic: it is checked soon.
    func suspect() { state.withLock { $0.suspected = true } }

    func forget(_ partition: Int32) { state.withLock { $0.watched[partition] = nil } }

    // MARK: Checking

    /// Checks all partitions periodically, and soon after a suspicion, until the task is cancelled.
    func run(reportingTo sink: any LogSink) async {
        var next = ContinuousClock.now + log.configuration.continuityInterval
        while await slept(for: Self.tick) {
            let isSuspected = state.withLock { state in
                defer { state.suspected = false }
                return state.suspected
            }
            guard isSuspected || ContinuousClock.now >= next else { continue }
            next = .now + log.configuration.continuityInterval
            await checkAll(sink)
        }
    }

    /// Several at a time: a partition whose leader is unavailable must not keep the others waiting.
    private func checkAll(_ sink: any LogSink) async {
        await withDiscardingTaskGroup { group in
            let places = AsyncSemaphore(Self.concurrentChecks)
            for (partition, epoch, _) in log.assignments.begun {
                await places.acquireUncancellably()
                guard !Task.isCancelled else { return }
                group.addTask {
                    await self.check(partition, epoch, sink)
                    places.release()
                }
            }
        }
    }

    private func check(_ partition: Int32, _ epoch: UInt32, _ sink: any LogSink) async {
        let watched = state.withLock { $0.watched[partition] }
        guard let watched, watched.epoch == epoch else { return }
        do {
            var found = try await discontinuity(partition, at: watched.position, watched.anchors)
            if found == nil { found = try await stateDiscontinuity(partition, watched) }
            if let found {
                log.logger.warning(
                    "Partition is not the one that was restored",
                    metadata: ["partition": "\(partition)", "finding": "\(found)"]
                )
                return sink.discontinuity(partition: partition, epoch: epoch, found)
            }
            // The newest record was delivered before the anchor was found, so it is of the same topic.
            guard let newest = watched.newest, watched.anchors != [newest] else { return }
            state.withLock { state in
                guard state.watched[partition]?.epoch == epoch else { return }
                state.watched[partition]?.anchors = [newest]
            }
            sink.anchored(partition: partition, epoch: epoch, newest)
        } catch {
            // Deleted, or no broker answers: check at once what is there when one answers again.
            suspect()
            _ = await slept(for: .seconds(1))
        }
    }

    /// Why the partition cannot be the one that holds the marks; `nil` when it may be.
    ///
    /// - Throws: `KafkaError` when the brokers do not say; nothing is known then.
    func discontinuity(
        _ partition: Int32,
        at position: Int64,
        _ marks: [JobsMark]
    ) async throws -> StopReason? {
        let jobs = KafkaTopicPartition(topic: log.configuration.topics.jobs, partition: partition)
        var ends = try await admin.watermarks(jobs, timeout: Self.patience)
        for _ in 0..<Self.confirmations where ends.high < position {
            // A leader that was just elected may not know its end yet.
            try await Task.sleep(for: .milliseconds(300))
            ends = try await admin.watermarks(jobs, timeout: Self.patience)
        }
        if ends.high < position { return .jobsEndBelowPosition(position: position, end: ends.high) }
        guard let mark = marks.first(where: { $0.offset >= ends.low && $0.offset < ends.high }) else {
            return nil
        }
        if try await witness.holds(mark, in: jobs) { return nil }
        // Retention may have deleted it since its partition's beginning was read: the record behind it was found then.
        let low = try await admin.watermarks(jobs, timeout: Self.patience).low
        return low > mark.offset ? nil : .jobsReplaced(offset: mark.offset)
    }

    private func stateDiscontinuity(_ partition: Int32, _ watched: Watched) async throws -> StopReason? {
        let target = KafkaTopicPartition(topic: log.configuration.topics.state, partition: partition)
        var end = try await admin.watermarks(target, timeout: Self.patience).high
        for _ in 0..<Self.confirmations where end < watched.stateEnd {
            try await Task.sleep(for: .milliseconds(300))
            end = try await admin.watermarks(target, timeout: Self.patience).high
        }
        if end < watched.stateEnd { return .stateIncomplete }
        state.withLock { state in
            guard state.watched[partition]?.epoch == watched.epoch else { return }
            state.watched[partition]?.stateEnd = end
        }
        return nil
    }
}
