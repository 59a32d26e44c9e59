import ExportCore
import KafkaClient
import Logging
import Primitives
import WorkerRuntime

/// Restores one partition: reads its state partition into the engine. `KafkaLog` starts one for each new epoch.
///
/// The order matters. The committed offset first, which waits for a predecessor's transaction to end; then
/// the state partition up to the high watermark that it has by then. That watermark must be the log's true
/// end and not the end of what is committed: the marker that ends a predecessor's transaction may reach the
/// state partition later than the group's offsets, and reading committed records up to the true end waits for it.
struct PartitionRestore: Sendable {
    let partition: Int32
    let log: KafkaLog
    let parts: KafkaLog.Parts
    private(set) var epoch: UInt32
    private let start = ContinuousClock.now
    private var tooSlow = 0

    /// Restores in a row that took too long, from which on the partition is shown as stopped.
    private static let slowRestores = 3

    private var topics: KafkaTopicNames { log.configuration.topics }
    private var isWanted: Bool { log.assignments.isCurrent(partition, epoch) }

    init(partition: Int32, epoch: UInt32, log: KafkaLog, parts: KafkaLog.Parts) {
        self.partition = partition
        self.epoch = epoch
        self.log = log
        self.parts = parts
    }

    private enum Outcome {
        case done
        case noStatePartition
        /// Reading took longer than tombstones are kept.
        case tooSlow(Duration, tombstones: Duration)
        case failed(KafkaError)
        case unwanted
    }

    /// Restores until it succeeds or the epoch ends.
    mutating func run() async {
        var wait: Duration = .milliseconds(200)
        var failures = 0
        while isWanted {
            switch await attempt() {
            case .done, .unwanted: return
            case .noStatePartition:
                parts.sink.restoreFailed(partition: partition, epoch: epoch, .statePartitionMissing)
                guard await slept(for: log.configuration.missingStateInterval) else { return }
            case .tooSlow(let took, let tombstones):
                tooSlow += 1
                let kept = tombstones.inMilliseconds
                log.logger.warning(
                    "Restore took longer than tombstones are kept, repeating it",
                    metadata: [
                        "partition": "\(partition)", "duration_seconds": "\(took.components.seconds)",
                        "reason": "delete.retention.ms of \(topics.state) is \(kept)",
                    ]
                )
                guard tooSlow >= Self.slowRestores else { break }
                parts.sink.restoreFailed(
                    partition: partition,
                    epoch: epoch,
                    .stateReadTooSlow(seconds: took.components.seconds, tombstonesKept: kept)
                )
                guard await slept(for: log.configuration.missingStateInterval) else { return }
            case .failed(let error):
                guard isWanted, error.fault != .closed else { return }
                log.logger.warning(
                    "Restore failed, retrying",
                    metadata: ["partition": "\(partition)", "error.message": "\(error)"]
                )
                failures += 1
                // One failure may be a leader that moves; a second one, or a long one, is reported.
                if failures > 1 || start.duration(to: .now) > Self.patience {
                    parts.sink.observe(.restoreFailing(partition: partition, await problem(of: error)))
                }
                guard await slept(for: wait) else { return }
                wait = min(wait * 2, .seconds(5))
            }
            // The engine may have received some records: the next attempt begins with an empty table.
            guard let next = log.assignments.renew(partition, epoch, reportingTo: parts.sink) else { return }
            epoch = next
        }
    }

    private static let patience: Duration = .seconds(10)

    /// What an error means. Reading that stands still before the end of the log is held back by an open transaction
    /// where what may be read ends below that.
    private func problem(of error: KafkaError) async -> LogProblem {
        let problem = LogProblem(error, log.configuration)
        let state = KafkaTopicPartition(topic: topics.state, partition: partition)
        guard error.code == .timedOut, let end = try? await parts.admin.watermarks(state).high,
            let readable = try? await parts.consumer.watermarks(state).high, readable < end
        else { return problem }
        return LogProblem(
            .openTransaction,
            subject: "\(state)",
            code: error.code.name,
            message: "records can be read up to offset \(readable), and the log ends at \(end)"
        )
    }

    /// One attempt. Waits for a place each time: a partition that cannot be restored must not keep the others waiting.
    private func attempt() async -> Outcome {
        await log.restores.acquireUncancellably()
        defer { log.restores.release() }
        guard isWanted else { return .unwanted }
        do {
            return try await restore()
        } catch let error as KafkaError {
            return .failed(error)
        } catch {
            return .unwanted
        }
    }

    private func restore() async throws -> Outcome {
        // Commits follow the restore, and must keep to the limits.
        await log.limits.waitUntilSettled()
        let jobs = KafkaTopicPartition(topic: topics.jobs, partition: partition)
        let state = KafkaTopicPartition(topic: topics.state, partition: partition)
        let description = try await parts.admin.topic(topics.state)
        guard description?.partitions.contains(where: { $0.id == partition }) ?? false else { return .noStatePartition }
        let committed = try await parts.consumer.committed([jobs])[jobs] ?? nil
        let dropsOldState = try await parts.stateRetention.dropsOldRecords()
        let tombstones =
            dropsOldState ? StateRetention.defaultTombstoneRetention : await parts.stateRetention.tombstones()
        let end = try await parts.admin.watermarks(state)
        let begin = ContinuousClock.now
        let records = end.high > end.low ? try await read(state, end) : 0
        let took = begin.duration(to: .now)
        if took > tombstones, !dropsOldState { return .tooSlow(took, tombstones: tombstones) }
        let watermarks = try await parts.admin.watermarks(jobs)
        parts.sink.observe(
            .restored(
                partition: partition,
                records: records,
                seconds: (ContinuousClock.now - start).inSeconds
            )
        )
        parts.continuity.restored(partition, epoch, stateEnd: end.high)
        parts.sink.restoreFinished(
            partition: partition,
            epoch: epoch,
            RestoredEnds(
                committed: committed,
                low: watermarks.low,
                high: watermarks.high,
                stateLow: end.low,
                dropsOldState: dropsOldState
            )
        )
        return .done
    }

    /// Returns how many records there were.
    private func read(_ state: KafkaTopicPartition, _ end: KafkaWatermarks) async throws -> Int {
        var count = 0
        var reported: ContinuousClock.Instant?
        let stallTimeout = log.configuration.restoreStallTimeout
        _ = try await parts.reader.read(state, from: .offset(end.low), to: end.high, stallTimeout: stallTimeout) {
            batch in
            guard isWanted else { throw CancellationError() }
            let records = batch.map(LogRecord.init(ofState:))
            await parts.sink.restored(partition: partition, epoch: epoch, records)
            count += records.count
            guard let last = records.last, reported.map({ $0.duration(to: .now) > .milliseconds(200) }) ?? true else {
                return
            }
            reported = .now
            parts.sink.observe(
                .restoring(
                    LogObservation.RestoreProgress(
                        partition: partition,
                        epoch: epoch,
                        from: end.low,
                        at: last.offset + 1,
                        to: end.high
                    )
                )
            )
        }
        return count
    }
}
