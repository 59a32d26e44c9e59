import KafkaClient
import Logging
import WorkerRuntime

/// Brings back what is known of one partition's jobs.
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
        case failed(KafkaError)
        case unwanted
    }

    /// Restores until it works or the partition is gone.
    mutating func run() async {
        var wait: Duration = .milliseconds(200)
        while isWanted {
            switch await takeTurn() {
            case .done, .unwanted: return
            case .noStatePartition:
                parts.sink.restoreFailed(partition: partition, epoch: epoch, reason: missing)
                try? await Task.sleep(for: log.configuration.missingStateInterval)
            case .failed(let error):
                guard isWanted, error.fault != .closed else { return }
                log.logger.warning(
                    "Restore failed; trying again",
                    metadata: ["partition": "\(partition)", "error": "\(error)"]
                )
                try? await Task.sleep(for: wait)
                wait = min(wait * 2, .seconds(5))
            }
            // Some records may have been handed over: the next try begins with an empty table.
            guard let next = log.assignments.renew(partition, epoch, telling: parts.sink) else { return }
            epoch = next
        }
    }

    /// One try. Waits for its turn each time: a partition that cannot be restored must not keep the others waiting.
    private func takeTurn() async -> Outcome {
        await log.restores.wait()
        defer { log.restores.signal() }
        guard isWanted else { return .unwanted }
        do {
            return try await restore()
        } catch let error as KafkaError {
            return .failed(error)
        } catch {
            return .unwanted
        }
    }

    private var missing: String {
        "The topic \(topics.state) has no partition \(partition), which belongs to partition \(partition) of \(topics.jobs). Run 'payout-worker topics create', which adds partitions; the worker goes on by itself then."
    }

    private func restore() async throws -> Outcome {
        let jobs = KafkaTopicPartition(topic: topics.jobs, partition: partition)
        let state = KafkaTopicPartition(topic: topics.state, partition: partition)
        let description = try await parts.admin.topic(topics.state)
        guard description?.partitions.contains(where: { $0.id == partition }) ?? false else { return .noStatePartition }
        let committed = try await parts.consumer.committed([jobs])[jobs] ?? nil
        let end = try await parts.admin.watermarks(state)
        let records = end.high > end.low ? try await read(state, end) : 0
        let watermarks = try await parts.admin.watermarks(jobs)
        let elapsed = (ContinuousClock.now - start).components
        parts.sink.observe(
            .restored(
                partition: partition,
                records: records,
                seconds: Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18
            )
        )
        parts.sink.restoreFinished(
            partition: partition,
            epoch: epoch,
            committed: committed,
            low: watermarks.low,
            high: watermarks.high
        )
        return .done
    }

    /// Returns how many records there were.
    private func read(_ state: KafkaTopicPartition, _ end: KafkaWatermarks) async throws -> Int {
        var count = 0
        var told: ContinuousClock.Instant?
        _ = try await parts.reader.read(state, from: .offset(end.low), to: end.high) { batch in
            guard isWanted else { throw CancellationError() }
            let records = batch.map { LogRecord(offset: $0.offset, key: $0.key, value: $0.value) }
            await parts.sink.restored(partition: partition, epoch: epoch, records)
            count += records.count
            guard let last = records.last, told.map({ $0.duration(to: .now) > .milliseconds(200) }) ?? true else {
                return
            }
            told = .now
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
