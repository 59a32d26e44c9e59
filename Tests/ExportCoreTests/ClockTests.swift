import Testing

@testable import ExportCore

/// The wall clock is set while jobs run: intervals do not change, deadlines do.
@Suite struct ClockTests {
    private func waitingJob() -> Bench {
        var bench = Bench { $0.pollMinInterval = .seconds(5) }
        bench.enqueue(export("job"))
        bench.commitAll()
        bench.answer(.created(requestID: "request-1"))
        bench.commitAll()
        return bench
    }

    @Test func clockJumpAheadDoesNotShortenIntervalBetweenNotFoundPolls() {
        var bench = waitingJob()
        bench.wait(10)
        bench.answer(.notFound)
        let polls = bench.calls.count
        bench.setClock(by: 3_600)
        #expect(bench.calls.count == polls, "the next poll waits for its interval")
        bench.wait(6)
        #expect(bench.calls.count == polls + 1)
        bench.answer(.notFound)
        #expect(bench.code("job") == .exportNotFound)
    }

    @Test(arguments: [-86_400.0, 86_400.0])
    func clockSetByADayDoesNotMoveNextPoll(step: Double) {
        var bench = waitingJob()
        let wake = bench.worker.nextWake(after: bench.now)
        bench.setClock(by: step)
        #expect(bench.worker.nextWake(after: bench.now) == wake)
        #expect(bench.calls.last?.token.kind == .create)
        bench.wait(10)
        #expect(bench.calls.last?.token.kind == .poll)
    }

    @Test func clockJumpPastDeadlineEndsJob() {
        var bench = waitingJob()
        bench.setClock(by: 27 * 3_600)
        #expect(bench.code("job") == .deadlineExceeded)
    }

    @Test func clockSetBackPostponesDeadline() {
        var bench = waitingJob()
        bench.setClock(by: -86_400)
        bench.wait(26 * 3_600 + 60)
        #expect(bench.phase("job") == .waiting)
        bench.answer(.polled(.processing, url: nil, expiresAt: nil))
        bench.wait(24 * 3_600)
        bench.answer(.polled(.processing, url: nil, expiresAt: nil))
        #expect(bench.code("job") == .deadlineExceeded)
    }

    @Test func deadlinePassedDuringCallAppliesAgainAfterClockIsSetBack() {
        var bench = Bench()
        bench.enqueue(export("job"))
        bench.commitAll()
        bench.setClock(by: 27 * 3_600)
        #expect(bench.phase("job") == .submitting, "the answer may carry the request id")
        bench.setClock(by: -27 * 3_600)
        bench.answer(.failed(.transient(message: "503")))
        #expect(bench.phase("job") == .submitting)
        bench.setClock(by: 27 * 3_600)
        #expect(bench.code("job") == .deadlineExceeded)
    }

    @Test func clockSetBackPostponesNotBefore() {
        var bench = Bench()
        let notBefore = bench.now.wall.advanced(by: .seconds(60))
        bench.enqueue(export("job") { $0.notBefore = notBefore })
        bench.commitAll()
        bench.setClock(by: -3_600)
        bench.wait(120)
        #expect(bench.phase("job") == .accepted)
        bench.wait(3_600)
        #expect(bench.phase("job") == .submitting)
    }

    @Test func differentAnomalousAnswersAreCountedSeparately() {
        var bench = waitingJob()
        for result in [.polled(.completed, url: nil, expiresAt: nil), CallResult.notFound] {
            bench.wait(10)
            bench.answer(result)
        }
        #expect(bench.phase("job") == .waiting, "it was not found only once")
    }
}
