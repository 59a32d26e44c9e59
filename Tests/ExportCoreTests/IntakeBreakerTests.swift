import Testing

@testable import ExportCore

@Suite struct IntakeBreakerTests {
    private func breaker() -> IntakeBreaker {
        var configuration = IntakeBreaker.Configuration()
        configuration.window = 20
        configuration.probes = 5
        return IntakeBreaker(configuration)
    }

    private func count(_ number: Int, refusals: Bool, in breaker: inout IntakeBreaker, at seconds: Double) {
        for _ in 0..<number { _ = breaker.count(refusal: refusals, at: .at(seconds)) }
    }

    @Test func breakerOpensProbesAndCloses() {
        var breaker = breaker()
        count(20, refusals: true, in: &breaker, at: 0)
        #expect(breaker.isOpen)
        #expect(breaker.nextChange == .at(30))
        breaker.advance(to: .at(30))
        #expect(!breaker.isOpen)
        count(5, refusals: true, in: &breaker, at: 31)
        #expect(breaker.nextChange == .at(91), "twice as long")
        breaker.advance(to: .at(91))
        count(5, refusals: false, in: &breaker, at: 92)
        count(2, refusals: false, in: &breaker, at: 93)
        count(18, refusals: true, in: &breaker, at: 93)
        #expect(!breaker.isOpen, "eighteen of twenty are below the threshold")
    }

    /// Counts refusals as fast as intake permits. Returns the total pause and the reports.
    private func flood(_ breaker: inout IntakeBreaker, refusals: Int, from start: Double) -> (Double, [Duration]) {
        var (now, paused, reports) = (start, 0.0, [Duration]())
        for _ in 0..<refusals {
            if let report = breaker.count(refusal: true, at: .at(now)) { reports.append(report) }
            guard breaker.isOpen, let until = breaker.nextChange else { continue }
            let seconds = Double(MonotonicInstant.at(now).duration(to: until).wholeMilliseconds) / 1_000
            (now, paused) = (now + seconds, paused + seconds)
            breaker.advance(to: .at(now))
        }
        return (paused, reports)
    }

    @Test func pausesOfOneFloodHaveCommonBoundAndExhaustionIsReportedOnce() {
        var breaker = breaker()
        let (paused, reports) = flood(&breaker, refusals: 200_000, from: 0)
        #expect(paused == 300)
        #expect(reports == [.seconds(300)])
        #expect(breaker.isExhausted && !breaker.isOpen)
    }

    @Test func betterOutcomesEndFloodAndNextFloodPausesAgain() {
        var breaker = breaker()
        _ = flood(&breaker, refusals: 1_000, from: 0)
        count(5, refusals: false, in: &breaker, at: 400)
        #expect(!breaker.isExhausted)
        let (paused, reports) = flood(&breaker, refusals: 1_000, from: 500)
        #expect(paused == 300 && reports.count == 1)
    }

    @Test func silenceEndsFlood() {
        var breaker = breaker()
        _ = flood(&breaker, refusals: 1_000, from: 0)
        let end = breaker.nextChange
        #expect(end == .at(300 + 600))
        breaker.advance(to: end ?? .at(0))
        #expect(!breaker.isExhausted && breaker.nextChange == nil)
    }
}
