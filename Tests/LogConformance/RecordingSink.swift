import ExportCore
import Synchronization
import WorkerRuntime

/// Records what a log reports, so that a test can wait for it.
final class RecordingSink: LogSink {
    struct Notes: Sendable {
        var partitionCount = 0
        var assigned: [Int32: UInt32] = [:]
        var restored: [Int32: [LogRecord]] = [:]
        var ready: [Int32: Restored] = [:]
        var received: [Int32: [LogRecord]] = [:]
        var unreadUpTo: [Int32: Int64?] = [:]
        var committed: [UInt64] = []
        var commitFailures: [UInt64: String] = [:]
        var revoked: Set<Int32> = []
        var lost: Set<Int32> = []
        var generations = 0
        var restoreFailures: [Int32: StopReason] = [:]
        var connections: [LogProblem?] = []
        var producer: [LogProblem?] = []
        var failingRestores: [Int32: LogProblem] = [:]
        var failingBegins: [Int32: LogProblem] = [:]
        var unread: [UnreadRecords] = []
        var refusals: [UInt64: [Int]] = [:]
        var limits: OutputLimits?
        var discontinuities: [Int32: StopReason] = [:]
        var anchors: [Int32: JobsMark] = [:]
        var keptBack: [Int32: Range<Int64>] = [:]
        var failure: WorkerFailure.Cause?
    }

    struct Restored: Sendable {
        var epoch: UInt32
        var committed: Int64?
        var low: Int64
        var high: Int64
        var stateLow: Int64
    }

    private let notes = Mutex(Notes())

    var now: Notes { notes.withLock { $0 } }

    private func note(_ body: (inout sending Notes) -> Void) { notes.withLock { body(&$0) } }

    func partitionCount(_ count: Int) { note { $0.partitionCount = count } }

    func assigned(partition: Int32, epoch: UInt32) {
        note {
            $0.assigned[partition] = epoch
            $0.restored[partition] = []
            $0.ready[partition] = nil
            $0.discontinuities[partition] = nil
            $0.revoked.remove(partition)
            $0.lost.remove(partition)
        }
    }

    func restored(partition: Int32, epoch: UInt32, _ records: [LogRecord]) {
        note { if $0.assigned[partition] == epoch { $0.restored[partition, default: []] += records } }
    }

    func restoreFinished(partition: Int32, epoch: UInt32, _ ends: RestoredEnds) {
        note {
            $0.ready[partition] = Restored(
                epoch: epoch,
                committed: ends.committed,
                low: ends.low,
                high: ends.high,
                stateLow: ends.stateLow
            )
        }
    }

    func anchored(partition: Int32, epoch: UInt32, _ mark: JobsMark) {
        note { if $0.assigned[partition] == epoch { $0.anchors[partition] = mark } }
    }

    func discontinuity(partition: Int32, epoch: UInt32, _ reason: StopReason) {
        note { if $0.assigned[partition] == epoch { $0.discontinuities[partition] = reason } }
    }

    func restoreFailed(partition: Int32, epoch: UInt32, _ reason: StopReason) {
        note { $0.restoreFailures[partition] = reason }
    }

    func received(partition: Int32, epoch: UInt32, _ records: [LogRecord]) {
        note { if $0.assigned[partition] == epoch { $0.received[partition, default: []] += records } }
    }

    func jobsEnd(partition: Int32, epoch: UInt32, _ end: JobsEnd) {
        note {
            guard $0.assigned[partition] == epoch else { return }
            $0.unreadUpTo[partition] = .some(end.unreadUpTo)
            $0.keptBack[partition] = end.keptBack
        }
    }

    func committed(_ id: UInt64, seconds: Double) { note { $0.committed.append(id) } }

    func limitsChanged(_ limits: OutputLimits) { note { $0.limits = limits } }
    func commitRefused(_ id: UInt64, outputs: [Int], reason: String) { note { $0.refusals[id] = outputs } }
    func commitFailed(_ id: UInt64, reason: String) { note { $0.commitFailures[id] = reason } }

    func generationChanged() { note { $0.generations += 1 } }

    func revoked(_ partitions: [Int32]) { note { $0.revoked.formUnion(partitions) } }

    func lost(_ partitions: [Int32]) { note { $0.lost.formUnion(partitions) } }

    func connection(problem: LogProblem?) { note { $0.connections.append(problem) } }

    func observe(_ observation: LogObservation) {
        switch observation {
        case .producer(let problem): note { $0.producer.append(problem) }
        case .restoreFailing(let partition, let problem): note { $0.failingRestores[partition] = problem }
        case .beginFailing(let partition, let problem): note { $0.failingBegins[partition] = problem }
        case .unread(let partition, let from, let to):
            note { $0.unread.append(UnreadRecords(partition: partition, from: from, to: to)) }
        default: break
        }
    }

    func failed(_ cause: WorkerFailure.Cause) { note { $0.failure = cause } }
}
