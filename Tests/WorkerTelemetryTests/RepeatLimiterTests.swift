import Logging
import Testing

@testable import WorkerTelemetry

struct RepeatLimiterTests {
    private static let start = ContinuousClock.now

    private func key(_ reason: String, message: String = "Call failed, retrying") -> RepeatLimiter.Key {
        RepeatLimiter.Key(
            level: .info,
            label: "engine",
            message: message,
            reason: RepeatLimiter.Key.withoutIDs(reason)
        )
    }

    @Test func repeatedLinesAreCountedInsteadOfWritten() {
        let limiter = RepeatLimiter(burst: 2, interval: .seconds(10))
        let written = (0..<7).count { number in limiter.admits(key("HTTP 503 [id=a\(number)]"), at: Self.start) }
        #expect(written == 2)
        #expect(limiter.admits(key("no connection"), at: Self.start))
        #expect(limiter.omitted(at: Self.start + .seconds(9)).isEmpty)
        let omitted = limiter.omitted(at: Self.start + .seconds(10))
        #expect(omitted == [RepeatLimiter.Omitted(key: key("HTTP 503 [id=a0]"), count: 5)])
        #expect(limiter.omitted(at: Self.start + .seconds(60)).isEmpty)
        #expect(limiter.admits(key("HTTP 503"), at: Self.start + .seconds(11)))
    }

    @Test func lineIsWrittenAfterManyDifferentOnes() {
        let limiter = RepeatLimiter(burst: 1, interval: .seconds(10))
        for number in 0..<5_000 {
            let name = String(number, radix: 26).map { String($0.isNumber ? Character("x") : $0) }.joined()
            _ = limiter.admits(key(name, message: "m\(number)"), at: Self.start)
        }
        #expect(limiter.admits(key("fresh", message: "new"), at: Self.start))
    }

    @Test func lineWithoutAReasonOrAnErrorHasNoLimit() {
        func event(_ metadata: Logger.Metadata) -> LogEvent {
            LogEvent(
                level: .info,
                message: "Job finished",
                metadata: metadata,
                source: nil,
                file: "f",
                function: "g",
                line: 1
            )
        }
        #expect(RepeatLimiter.Key(event(["job.id": "a"]), label: "engine") == nil)
        #expect(RepeatLimiter.Key(event(["job.id": "a", "reason": "x"]), label: "engine") != nil)
        #expect(RepeatLimiter.Key(event(["job.id": "a", "error.message": "x"]), label: "engine") != nil)
    }
}
