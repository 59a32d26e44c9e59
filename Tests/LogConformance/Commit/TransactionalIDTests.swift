import Testing

@testable import WorkerKafka

@Suite struct TransactionalIDTests {
    private let start = ContinuousClock.now

    private func failed(_ id: inout TransactionalID, _ failure: TransactionalID.Failure, at seconds: [Int]) -> [Bool] {
        seconds.map { id.failed(failure, at: start + .seconds($0)) }
    }

    @Test func hangingIDIsReplacedAfterTheTimeoutOfAnEarlierTransaction() {
        var id = TransactionalID("worker", patience: .seconds(30))
        #expect(failed(&id, .coordinator, at: [0, 10, 29]) == [false, false, false])
        #expect(id.text == "worker")
        #expect(failed(&id, .coordinator, at: [30]) == [true])
        #expect(id.text == "worker~1")
        // Twice as long each time.
        #expect(failed(&id, .coordinator, at: [31, 61, 90, 91]) == [false, false, false, true])
        #expect(id.text == "worker~2")
        id.worked()
        #expect(failed(&id, .coordinator, at: [100, 110, 130]) == [false, false, true])
    }

    @Test func missingRightKeepsTheID() {
        var id = TransactionalID("worker", patience: .zero)
        #expect(failed(&id, .denied, at: [0, 100, 200, 300]) == [false, false, false, false])
        #expect(id.text == "worker")
    }

    @Test func deniedReplacementReturnsToTheFirstID() {
        var id = TransactionalID("worker", patience: .zero)
        #expect(failed(&id, .coordinator, at: [0, 1, 2]) == [false, false, true])
        #expect(failed(&id, .denied, at: [3]) == [true])
        #expect(id.text == "worker")
        #expect(failed(&id, .coordinator, at: [4, 5, 6, 7]) == [false, false, false, false])
        id.worked()
        #expect(failed(&id, .coordinator, at: [8, 9, 10]) == [false, false, true])
    }

    @Test func unreachableBrokersKeepTheID() {
        var id = TransactionalID("worker", patience: .seconds(30))
        #expect(failed(&id, .coordinator, at: [0, 1]) == [false, false])
        #expect(failed(&id, .elsewhere, at: [20]) == [false])
        #expect(failed(&id, .coordinator, at: [40, 41, 42, 69]) == [false, false, false, false])
        #expect(failed(&id, .coordinator, at: [70]) == [true])
    }
}
