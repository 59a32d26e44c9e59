import ExportCore
import Testing

@testable import WorkerRuntime

@Suite struct EventQueueTests {
    private func restored() -> WorkerMessage { .event(.restored(partition: 0, epoch: 1, [])) }

    @Test func aRestoreWaitsWhileItsRecordsAreNotTaken() async throws {
        let queue = EventQueue()
        queue.post(restored())
        // One batch is no reason to wait.
        await queue.roomForRestored()
        for _ in 0..<8 { queue.post(restored()) }
        let restore = Task { await queue.roomForRestored() }
        try await until { queue.waitingRestores == 1 }
        #expect(queue.take(waitingAtMost: 0)?.count == 9)
        await restore.value
        #expect(queue.waitingRestores == 0)
        await queue.roomForRestored()
    }

    @Test func otherEventsDoNotHoldARestoreUp() async {
        let queue = EventQueue()
        for _ in 0..<100 { queue.post(.event(.tick)) }
        await queue.roomForRestored()
        #expect(queue.take(waitingAtMost: 0)?.count == 100)
    }

    @Test func closingLetsAWaitingRestoreGo() async throws {
        let queue = EventQueue()
        for _ in 0..<8 { queue.post(restored()) }
        let restore = Task { await queue.roomForRestored() }
        try await until { queue.waitingRestores == 1 }
        queue.close()
        await restore.value
        await queue.roomForRestored()
        #expect(queue.take(waitingAtMost: 0)?.count == nil)
    }

    private func until(_ condition: () -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while !condition() {
            try #require(ContinuousClock.now < deadline, "waited in vain")
            try await Task.sleep(for: .milliseconds(1))
        }
    }
}
