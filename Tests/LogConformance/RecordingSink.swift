import Synchronization
import WorkerRuntime

/// Notes what a log tells, and lets a test wait for it.
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
        var restoreFailures: [Int32: String] = [:]
        var failure: String?
    }

    struct Restored: Sendable {
        var epoch: UInt32
        var committed: Int64?
        var low: Int64
        var high: Int64
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
            $0.revoked.remove(partition)
            $0.lost.remove(partition)
        }
    }

    func restored(partition: Int32, epoch: UInt32, _ records: [LogRecord]) {
        note { if $0.assigned[partition] == epoch { $0.restored[partition, default: []] += records } }
    }

    func restoreFinished(partition: Int32, epoch: UInt32, committed: Int64?, low: Int64, high: Int64) {
        note { $0.ready[partition] = Restored(epoch: epoch, committed: committed, low: low, high: high) }
    }

    func restoreFailed(partition: Int32, epoch: UInt32, reason: String) {
        note { $0.restoreFailures[partition] = reason }
    }

    func received(partition: Int32, epoch: UInt32, _ records: [LogRecord]) {
        note { if $0.assigned[partition] == epoch { $0.received[partition, default: []] += records } }
    }

    func jobsEnd(partition: Int32, epoch: UInt32, unreadUpTo offset: Int64?) {
        note { if $0.assigned[partition] == epoch { $0.unreadUpTo[partition] = .some(offset) } }
    }

    func committed(_ id: UInt64, seconds: Double) { note { $0.committed.append(id) } }

    func commitFailed(_ id: UInt64, reason: String) { note { $0.commitFailures[id] = reason } }

    func generationChanged() { note { $0.generations += 1 } }

    func revoked(_ partitions: [Int32]) { note { $0.revoked.formUnion(partitions) } }

    func lost(_ partitions: [Int32]) { note { $0.lost.formUnion(partitions) } }

    func connection(problem: String?) {}

    func failed(reason: String) { note { $0.failure = reason } }
}

/// What a condition that never came true leaves behind.
struct NeverHappened: Error, CustomStringConvertible {
    var description: String
}

/// Waits for a condition, generously: the bound is for a test that would otherwise hang.
func eventually(
    _ what: String,
    within seconds: Int = 60,
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(20))
    }
    throw NeverHappened(description: "never happened: \(what)")
}
