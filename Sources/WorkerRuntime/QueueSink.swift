import ExportCore
import ExportRecords
import Synchronization

/// Receives the log's events, decodes them on the log's own thread, and posts them to the engine's queue.
final class QueueSink: LogSink {
    private let queue: EventQueue
    private let codec: RecordCodec
    private let tracing: JobTracing
    private let failure: AsyncStream<Result<Int, WorkerFailure>>.Continuation
    /// Restores with a record that could not be read; the rest of their records is skipped.
    private let broken = Mutex<Set<UInt32>>([])
    /// The headers in the records of each partition's newest restore.
    private let headers = Mutex<[Int32: (epoch: Epoch, found: RestoredHeaders)]>([:])

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
        await queue.restorePlace(for: epoch)
        var decoded: [StateRecord] = []
        decoded.reserveCapacity(records.count)
        for record in records {
            do {
                decoded.append(try codec.decodeState(record))
            } catch {
                queue.returnRestorePlace()
                broken.withLock { _ = $0.insert(epoch) }
                let reason = StopReason.stateUnreadable(offset: record.offset, cause: "\(error)")
                return restoreFailed(partition: partition, epoch: epoch, reason)
            }
        }
        headers.withLock { headers in
            if headers[partition]?.epoch != epoch { headers[partition] = (epoch, RestoredHeaders()) }
            for record in decoded { headers[partition]?.found.add(record) }
        }
        queue.post(.event(.restored(partition: partition, epoch: epoch, decoded)))
    }

    func restoreFinished(partition: Int32, epoch: UInt32, _ ends: RestoredEnds) {
        let restored = headers.withLock { $0.removeValue(forKey: partition) }
        guard broken.withLock({ $0.remove(epoch) }) == nil else { return }
        // Before the partition's jobs store further files.
        if let restored, restored.epoch == epoch, !restored.found.all.isEmpty {
            observe(.headers(restored.found.all))
        }
        queue.post(.event(.restoreFinished(partition: partition, epoch: epoch, ends)))
    }

    func anchored(partition: Int32, epoch: UInt32, _ mark: JobsMark) {
        queue.post(.event(.anchored(partition: partition, epoch: epoch, mark)))
    }

    func discontinuity(partition: Int32, epoch: UInt32, _ reason: StopReason) {
        queue.post(.event(.discontinuity(partition: partition, epoch: epoch, reason)))
    }

    func restoreFailed(partition: Int32, epoch: UInt32, _ reason: StopReason) {
        queue.post(.event(.restoreFailed(partition: partition, epoch: epoch, reason)))
    }

    func limitsChanged(_ limits: OutputLimits) { codec.limits.value = limits }

    func received(partition: Int32, epoch: UInt32, _ records: [LogRecord]) {
        let inputs = records.map { tracing.process(codec.decodeJob($0), partition: partition) }
        let bytes = records.reduce(0) { $0 + $1.content.byteCount }
        queue.postReceived(.received(partition: partition, epoch: epoch, inputs), bytes: bytes)
    }

    func jobsEnd(partition: Int32, epoch: UInt32, _ end: JobsEnd) {
        queue.post(.event(.jobsEnd(partition: partition, epoch: epoch, end)))
    }

    func committed(_ id: UInt64, seconds: Double) { queue.post(.committed(id, seconds: seconds)) }

    func commitFailed(_ id: UInt64, reason: String) { queue.post(.commitFailed(id, reason: reason)) }

    func commitRefused(_ id: UInt64, outputs: [Int], reason: String) {
        queue.post(.commitRefused(id, outputs: outputs, reason: reason))
    }

    func generationChanged() { queue.post(.event(.generationChanged)) }

    func revoked(_ partitions: [Int32]) { queue.post(.event(.revoked(partitions))) }

    func lost(_ partitions: [Int32]) { queue.post(.event(.lost(partitions))) }

    func connection(problem: LogProblem?) { queue.post(.connection(problem: problem)) }

    func observe(_ observation: LogObservation) { queue.post(.observation(observation)) }

    func failed(_ cause: WorkerFailure.Cause) { failure.yield(.failure(WorkerFailure(cause))) }
}
