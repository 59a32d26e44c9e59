import ExportCore
import ExportRecords
import Synchronization

/// Takes what the log tells, decodes it on the log's own thread, and puts it into the engine's queue.
final class QueueSink: LogSink {
    private let queue: EventQueue
    private let codec: RecordCodec
    private let tracing: JobTracing
    private let failure: AsyncStream<Result<Int, WorkerFailure>>.Continuation
    /// Restores whose records could not be read; the rest of them is passed over.
    private let broken = Mutex<Set<UInt32>>([])

    init(
        queue: EventQueue,
        codec: RecordCodec,
        tracing: JobTracing,
        failure: AsyncStream<Result<Int, WorkerFailure>>.Continuation
    ) {
        self.queue = queue
        self.codec = codec
        self.tracing = tracing
        self.failure = failure
    }

    func partitionCount(_ count: Int) { queue.post(.event(.partitionCount(count))) }

    func assigned(partition: Int32, epoch: UInt32) {
        queue.post(.event(.assigned(partition: partition, epoch: epoch)))
    }

    func restored(partition: Int32, epoch: UInt32, _ records: [LogRecord]) async {
        guard !broken.withLock({ $0.contains(epoch) }) else { return }
        var decoded: [StateRecord] = []
        decoded.reserveCapacity(records.count)
        for record in records {
            do {
                decoded.append(try codec.decodeState(record))
            } catch {
                broken.withLock { _ = $0.insert(epoch) }
                let reason =
                    "The state record at offset \(record.offset) of partition \(partition) cannot be read: \(error). Nothing of this partition is touched. Run a worker of the version that wrote the record, or repair the record."
                return restoreFailed(partition: partition, epoch: epoch, reason: reason)
            }
        }
        queue.post(.event(.restored(partition: partition, epoch: epoch, decoded)))
        await queue.roomForRestored()
    }

    func restoreFinished(partition: Int32, epoch: UInt32, committed: Int64?, low: Int64, high: Int64) {
        guard broken.withLock({ $0.remove(epoch) }) == nil else { return }
        queue.post(
            .event(
                .restoreFinished(partition: partition, epoch: epoch, committed: committed, low: low, high: high)
            )
        )
    }

    func restoreFailed(partition: Int32, epoch: UInt32, reason: String) {
        queue.post(.event(.restoreFailed(partition: partition, epoch: epoch, reason: reason)))
    }

    func received(partition: Int32, epoch: UInt32, _ records: [LogRecord]) {
        queue.post(
            .event(
                .received(
                    partition: partition,
                    epoch: epoch,
                    records.map { tracing.process(codec.decodeJob($0), partition: partition) }
                )
            )
        )
    }

    func jobsEnd(partition: Int32, epoch: UInt32, unreadUpTo offset: Int64?) {
        queue.post(.event(.jobsEnd(partition: partition, epoch: epoch, unreadUpTo: offset)))
    }

    func committed(_ id: UInt64, seconds: Double) { queue.post(.committed(id, seconds: seconds)) }

    func commitFailed(_ id: UInt64, reason: String) { queue.post(.commitFailed(id, reason: reason)) }

    func generationChanged() { queue.post(.event(.generationChanged)) }

    func revoked(_ partitions: [Int32]) { queue.post(.event(.revoked(partitions))) }

    func lost(_ partitions: [Int32]) { queue.post(.event(.lost(partitions))) }

    func connection(problem: String?) { queue.post(.connection(problem: problem)) }

    func observe(_ observation: LogObservation) { queue.post(.observation(observation)) }

    func failed(reason: String) { failure.yield(.failure(WorkerFailure(description: reason))) }
}
