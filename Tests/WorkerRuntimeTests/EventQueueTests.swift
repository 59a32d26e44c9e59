import ExportCore
import Foundation
import Synchronization
import Testing
import TestSupport

@testable import WorkerRuntime

@Suite struct EventQueueTests {
    /// Posts a restore's batches, each when it has a place.
    private func restore(_ epoch: Epoch, batches: Int, into queue: EventQueue) async {
        for _ in 0..<batches {
            await queue.restorePlace(for: epoch)
            queue.post(.event(.restored(partition: 0, epoch: epoch, [])))
        }
    }

    /// How many restores have not ended.
    private final class Running: Sendable {
        let count: Mutex<Int>

        init(count: Int) { self.count = Mutex(count) }
    }

    private func epochs(_ messages: [WorkerMessage]) -> [Epoch] {
        messages.compactMap { if case .event(.restored(_, let epoch, _)) = $0 { epoch } else { nil } }
    }

    @Test func restoreWaitsWhileQueueHoldsItsRecords() async throws {
        let queue = EventQueue()
        await restore(1, batches: RestorePlaces.count, into: queue)
        let waiting = Task { await restore(1, batches: 1, into: queue) }
        try await eventually { queue.waitingRestores == 1 }
        #expect(queue.dequeue(waitingAtMost: 0)?.count == RestorePlaces.count)
        await waiting.value
        #expect(queue.waitingRestores == 0)
        #expect(queue.dequeue(waitingAtMost: 0)?.count == 1)
    }

    @Test func restoreOfLowestEpochIsAppliedBeforeOthers() async throws {
        let queue = EventQueue()
        // Both wait when the first place becomes free, the later one for longer.
        await restore(9, batches: RestorePlaces.count, into: queue)
        let running = Running(count: 2)
        let batches = 20
        let restores = [Epoch(2), 1].map { epoch in
            Task {
                await restore(epoch, batches: batches, into: queue)
                running.count.withLock { $0 -= 1 }
            }
        }
        var applied: [Epoch] = []
        while applied.count < RestorePlaces.count + 2 * batches {
            try await eventually { queue.waitingRestores == running.count.withLock { $0 } }
            applied += epochs(queue.dequeue(waitingAtMost: 0) ?? [])
        }
        for restore in restores { await restore.value }
        let expected = [(Epoch(9), RestorePlaces.count), (1, batches), (2, batches)]
        #expect(applied == expected.flatMap { Array(repeating: $0.0, count: $0.1) })
    }

    /// A restore that waits for the broker has asked for no place.
    @Test func stalledRestoreDoesNotDelayOthers() async throws {
        let queue = EventQueue()
        await restore(1, batches: 1, into: queue)
        let batches = 20
        let other = Task { await restore(2, batches: batches, into: queue) }
        var applied = 0
        while applied < 1 + batches {
            applied += epochs(try #require(queue.dequeue(waitingAtMost: 1_000))).count
        }
        await other.value
    }

    @Test func placeOfUnreadableBatchIsUsedByAnother() async throws {
        let queue = EventQueue()
        for _ in 0..<RestorePlaces.count { await queue.restorePlace(for: 1) }
        let waiting = Task { await restore(2, batches: 1, into: queue) }
        try await eventually { queue.waitingRestores == 1 }
        queue.returnRestorePlace()
        await waiting.value
    }

    @Test func otherEventsDoNotDelayRestore() async {
        let queue = EventQueue()
        for _ in 0..<100 { queue.post(.event(.tick)) }
        await restore(1, batches: 1, into: queue)
        #expect(queue.dequeue(waitingAtMost: 0)?.count == 101)
    }

    @Test func closingResumesWaitingRestore() async throws {
        let queue = EventQueue()
        await restore(1, batches: RestorePlaces.count, into: queue)
        let restores = (0..<3).map { _ in Task { await restore(1, batches: 2, into: queue) } }
        try await eventually { queue.waitingRestores == 3 }
        queue.close()
        for restore in restores { await restore.value }
        #expect(queue.dequeue(waitingAtMost: 0)?.count == nil)
    }

    @Test func receivedRecordsWaitWhileQueueHoldsManyBytes() async throws {
        let queue = EventQueue()
        let half = EventQueue.receivedBytesAtMost / 2 + 1
        let event = WorkerEvent.received(partition: 0, epoch: 1, [])
        queue.postReceived(event, bytes: half)
        let posted = Mutex(false)
        let thread = Thread {
            queue.postReceived(event, bytes: half, waitingAtMost: .seconds(600))
            posted.withLock { $0 = true }
        }
        thread.start()
        // Other events do not wait behind records of the jobs topic.
        queue.post(.event(.tick))
        #expect(!posted.withLock { $0 })
        #expect(queue.dequeue(waitingAtMost: 0)?.count == 2)
        try await eventually { posted.withLock { $0 } }
        #expect(queue.dequeue(waitingAtMost: 1_000)?.count == 1)
    }

    @Test func manyEventsBeginTurnBeforeItsInterval() async throws {
        let queue = EventQueue(turnInterval: .seconds(600))
        let turn = Mutex(0)
        let owner = Thread {
            let count = queue.dequeue(waitingAtMost: 0)?.count ?? 0
            turn.withLock { $0 = count }
        }
        owner.start()
        for _ in 0..<EventQueue.manyEvents {
            #expect(turn.withLock { $0 } == 0)
            queue.post(.event(.tick))
        }
        try await eventually("the second turn") { turn.withLock { $0 } == EventQueue.manyEvents }
    }

    @Test func recordLargerThanBoundIsPostedToEmptyQueue() {
        let queue = EventQueue()
        queue.postReceived(.received(partition: 0, epoch: 1, []), bytes: EventQueue.receivedBytesAtMost * 2)
        #expect(queue.dequeue(waitingAtMost: 0)?.count == 1)
    }

    @Test func receivedRecordsWaitForLimitedTime() {
        let queue = EventQueue()
        for _ in 0..<3 {
            queue.postReceived(
                .received(partition: 0, epoch: 1, []),
                bytes: EventQueue.receivedBytesAtMost,
                waitingAtMost: .milliseconds(5)
            )
        }
        #expect(queue.dequeue(waitingAtMost: 0)?.count == 3)
    }
}
