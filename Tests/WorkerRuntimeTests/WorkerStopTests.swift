import Testing

@testable import WorkerRuntime

@Suite struct WorkerStopTests {
    @Test func logHasMostOfTheTimeUntilTheDeadlineToClose() {
        let stop = WorkerStop()
        #expect(stop.timeToClose == .seconds(20))
        stop(.graceful, deadline: .now + .seconds(10))
        #expect(stop.timeToClose <= .seconds(8))
        stop(.abandonCalls)
        #expect(stop.timeToClose <= .seconds(8), "a step without a deadline keeps the one before")
        stop(.now, deadline: .now + .seconds(100_000))
        #expect(stop.timeToClose == .seconds(20), "a deadline far away allows no more than none")
        stop(.now, deadline: .now - .seconds(1))
        #expect(stop.timeToClose == .zero)
    }
}
