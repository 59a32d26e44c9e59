import ExportCore
import Foundation
import Synchronization
import Testing

@testable import WorkerRuntime

@Suite struct EventQueueTests {
    private func restored() -> WorkerMessage { .event(.restored(partition: 0, epoch: 1, [])) }

    @Test func restoreWaitsWhileQueueHoldsItsRecords() async throws {
        let queue = EventQueue()
        queue.post(restored())
        // A restore does not wait for a single batch.
        await queue.spaceForRestored()
        for _ in 0..<8 { queue.post(restored()) }
        let restore = Task { await queue.spaceForRestored() }
        try await until { queue.waitingRestores == 1 }
        #expect(queue.dequeue(waitingAtMost: 0)?.count == 9)
        await restore.value
        #expect(queue.waitingRestores == 0)
        await queue.spaceForRestored()
    }

    @Test func otherEventsDoNotDelayRestore() async {
        let queue = EventQueue()
        for _ in 0..<100 { queue.post(.event(.tick)) }
        await queue.spaceForRestored()
        #expect(queue.dequeue(waitingAtMost: 0)?.count == 100)
    }

    @Test func closingResumesWaitingRestore() async throws {
        let queue = EventQueue()
        for _ in 0..<8 { queue.post(restored()) }
        let restore = Task { await queue.spaceForRestored() }
        try await until { queue.waitingRestores == 1 }
        queue.close()
        await restore.value
        await queue.spaceForRestored()
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
        try await until { posted.withLock { $0 } }
        #expect(queue.dequeue(waitingAtMost: 1_000)?.count == 1)
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

    private func until(_ condition: () -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(300)
        while !condition() {
            try #require(ContinuousClock.now < deadline, "the condition was not met in time")
            try await Task.sleep(for: .milliseconds(1))
        }
    }
}
