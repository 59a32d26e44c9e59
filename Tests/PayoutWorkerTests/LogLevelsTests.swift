import Logging
import Testing

@testable import payout_worker

struct LogLevelsTests {
    @Test func aLevelAndLevelsOfParts() throws {
        let levels = try LogLevels("info, kafka=debug,API=Trace")
        #expect(levels.level == .info)
        #expect(levels.level(of: .kafka) == .debug)
        #expect(levels.level(of: .api) == .trace)
        #expect(levels.level(of: .engine) == .info)
        #expect(try LogLevels("WARNING").level == .warning)
        #expect(try LogLevels("files=error").level == .info)
    }

    @Test(arguments: ["loud", "info,kafka", "kafka=loud", "broker=info", "info,=debug"])
    func whatIsNotUnderstoodIsNamed(_ text: String) {
        #expect(throws: ConfigurationError.self) { try LogLevels(text) }
    }

    @Test func aPartHasItsOwnLevel() throws {
        let settings = try Settings(
            environment: ["LOG_LEVEL": "warning,kafka=debug", "LOG_FORMAT": "text"]
        )
        let logger = try LogSetup.makeLogger(settings)
        #expect(logger.logLevel == .warning)
        #expect(logger.part(.kafka).logLevel == .debug)
        #expect(logger.part(.engine).logLevel == .warning)
    }
}

struct RepeatLimiterTests {
    private static let start = ContinuousClock.now

    private func key(_ reason: String, message: String = "A call failed") -> RepeatLimiter.Key {
        RepeatLimiter.Key(
            level: .info,
            label: "engine",
            message: message,
            reason: RepeatLimiter.Key.withoutIDs(reason)
        )
    }

    @Test func repeatsAreCountedInsteadOfWritten() {
        let limiter = RepeatLimiter(burst: 2, stretch: .seconds(10))
        let written = (0..<7).count { number in limiter.admits(key("HTTP 503 [id=a\(number)]"), at: Self.start) }
        #expect(written == 2)
        #expect(limiter.admits(key("no connection"), at: Self.start))
        #expect(limiter.leftOut(at: Self.start + .seconds(9)).isEmpty)
        let leftOut = limiter.leftOut(at: Self.start + .seconds(10))
        #expect(leftOut == [RepeatLimiter.LeftOut(key: key("HTTP 503 [id=a0]"), count: 5)])
        #expect(limiter.leftOut(at: Self.start + .seconds(60)).isEmpty)
        #expect(limiter.admits(key("HTTP 503"), at: Self.start + .seconds(11)))
    }

    @Test func ofManyDifferentOnesNoneIsHeldBack() {
        let limiter = RepeatLimiter(burst: 1, stretch: .seconds(10))
        for number in 0..<5_000 {
            let name = String(number, radix: 26).map { String($0.isNumber ? Character("x") : $0) }.joined()
            _ = limiter.admits(key(name, message: "m\(number)"), at: Self.start)
        }
        #expect(limiter.admits(key("fresh", message: "new"), at: Self.start))
    }

    @Test func linesWithoutAReasonAreNeverHeldBack() {
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
        #expect(RepeatLimiter.Key(event(["job": "a"]), label: "engine") == nil)
        #expect(RepeatLimiter.Key(event(["job": "a", "reason": "x"]), label: "engine") != nil)
    }
}
