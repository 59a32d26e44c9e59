import Synchronization
import Testing
import WorkerRuntime

@testable import WorkerExports

@Suite("Turns of transfers")
struct TransferGateTests {
    /// Transfers at the gate, in the order in which they were admitted.
    private final class Crowd: Sendable {
        private let admitted = Mutex<[(name: String, place: TransferGate.Place)]>([])

        var names: [String] { admitted.withLock { $0.map(\.name) } }
        func place(_ name: String) -> TransferGate.Place? { admitted.withLock { $0.last { $0.name == name }?.place } }
        func admit(_ name: String, _ place: TransferGate.Place) { admitted.withLock { $0.append((name, place)) } }
    }

    private func until(_ condition: () async -> Bool) async {
        let deadline = ContinuousClock.now + .seconds(300)
        while await !condition(), ContinuousClock.now < deadline { await Task.yield() }
        #expect(await condition())
    }

    /// Sends a transfer to the gate and returns when it waits there.
    private func queue(_ name: String, _ place: TransferGate.Place, _ gate: TransferGate, _ crowd: Crowd) async {
        let before = await gate.waiters
        Task { crowd.admit(name, try await gate.enter(place)) }
        await until { await gate.waiters == before + 1 }
    }

    @Test func accountWithFewestTransfersIsNext() async throws {
        let gate = TransferGate(limit: 2)
        let crowd = Crowd()
        let first = try await gate.enter(.init(account: "a"))
        _ = try await gate.enter(.init(account: "a"))
        await queue("a3", .init(account: "a"), gate, crowd)
        await queue("b1", .init(account: "b"), gate, crowd)
        await gate.leave(first)
        await until { crowd.names == ["b1"] }
    }

    @Test func transferWithFewerTurnsIsNext() async throws {
        let gate = TransferGate(limit: 1)
        let crowd = Crowd()
        // A huge file that has had some turns.
        var huge = try await gate.enter(.init(account: "a"))
        for _ in 0..<3 {
            await gate.leave(huge)
            huge = try await gate.enter(huge)
        }
        let blocking = huge
        await queue("huge", huge, gate, crowd)
        await queue("small", .init(account: "a"), gate, crowd)
        await gate.leave(blocking)
        await until { crowd.names == ["small"] }
        await gate.leave(try #require(crowd.place("small")))
        await until { crowd.names == ["small", "huge"] }
    }

    @Test func transferPassedOverManyTimesIsNext() async throws {
        let gate = TransferGate(limit: 1)
        let crowd = Crowd()
        var huge = try await gate.enter(.init(account: "a"))
        await gate.leave(huge)
        huge = try await gate.enter(huge)
        var current = huge
        await queue("huge", huge, gate, crowd)
        // Small files arrive continuously.
        for number in 0..<20 where !crowd.names.contains("huge") {
            await queue("small \(number)", .init(account: "a"), gate, crowd)
            let before = crowd.names.count
            await gate.leave(current)
            await until { crowd.names.count == before + 1 }
            let last = try #require(crowd.names.last)
            current = try #require(crowd.place(last))
        }
        #expect(crowd.names.last == "huge")
        #expect(crowd.names.count == 5)
    }

    @Test func cancelledTransferLeavesQueue() async throws {
        let gate = TransferGate(limit: 1)
        let first = try await gate.enter(.init(account: "a"))
        let waiting = Task { try await gate.enter(.init(account: "b")) }
        await until { await gate.waiters == 1 }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        #expect(await gate.waiters == 0)
        await gate.leave(first)
        _ = try await gate.enter(.init(account: "c"))
    }

    @Test func turnEndsOnlyWhileAnotherTransferWaits() async throws {
        let gate = TransferGate(limit: 1)
        let crowd = Crowd()
        let activity = FileActivity(location: "file:///x")
        let token = activity.began(job: "huge", account: "a")
        let turn = try await TransferTurn(gate, account: "a", activity, token, .init(bytes: 100, time: .seconds(3_600)))
        for _ in 0..<10 { try await turn.received(60) }
        #expect(activity.status.transfers.map(\.receivedBytes) == [600])
        await queue("small", .init(account: "a"), gate, crowd)
        let transfer = Task {
            // At most two chunks, then the other transfer gets its turn.
            try await turn.received(60)
            try await turn.received(60)
        }
        await until { crowd.names == ["small"] }
        await until { activity.status.transfers.first?.isWaiting == true }
        await gate.leave(try #require(crowd.place("small")))
        try await transfer.value
        #expect(activity.status.transfers.first?.isWaiting == false)
        await turn.end()
        await turn.end()
        _ = try await gate.enter(.init(account: "b"))
    }
}
