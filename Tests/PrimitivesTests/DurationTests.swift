import Primitives
import Testing

@Suite("Durations in units")
struct DurationTests {
    @Test("Seconds keep their fraction")
    func seconds() {
        #expect(Duration.milliseconds(1_500).inSeconds == 1.5)
        #expect(Duration.milliseconds(-250).inSeconds == -0.25)
    }

    @Test("Whole units are rounded toward zero")
    func wholeUnits() {
        #expect(Duration.microseconds(1_999).inMilliseconds == 1)
        #expect(Duration.microseconds(-1_999).inMilliseconds == -1)
        #expect(Duration.milliseconds(1_500).inNanoseconds == 1_500_000_000)
        #expect(Duration(secondsComponent: 0, attosecondsComponent: 1_999_999_999).inNanoseconds == 1)
    }

    @Test("What 64 bits cannot hold is clamped")
    func clamps() {
        for (duration, limit) in [(Duration.seconds(Int64.max), Int64.max), (.seconds(Int64.min), .min)] {
            #expect(duration.inNanoseconds == limit)
            #expect(duration.inMilliseconds == limit)
        }
        let atTheEdge = Duration.seconds(Int64.max / 1_000_000_000) + .milliseconds(999)
        #expect(atTheEdge.inNanoseconds == .max)
    }

    @Test(
        "Durations are read with their unit",
        arguments: [
            ("500ms", .milliseconds(500)), ("30s", .seconds(30)), ("5m", .seconds(300)), ("26h", .seconds(93_600)),
            ("2d", .seconds(172_800)), ("1.5s", .milliseconds(1_500)), ("0s", .zero), ("0.4ms", .zero),
        ] as [(String, Duration)]
    )
    func reads(text: String, duration: Duration) {
        #expect(Duration(parsing: text) == duration)
    }

    @Test(
        "What is no duration is refused",
        arguments: ["", "5", "s", "ms", "-1s", "5 s", "1w", "infs", "nans", "nanms", "1e300h", "1e12s", "30S"]
    )
    func refuses(text: String) {
        #expect(Duration(parsing: text) == nil)
    }

    @Test(
        "Durations are written in their largest units",
        arguments: [
            (.zero, "0 ms"), (.seconds(-1), "0 ms"), (.milliseconds(850), "850 ms"), (.milliseconds(4_250), "4.2 s"),
            (.seconds(4), "4.0 s"), (.milliseconds(34_999), "34 s"), (.seconds(60), "1 min"),
            (.seconds(185), "3 min 5 s"), (.seconds(3_600), "1 h"), (.seconds(7_800), "2 h 10 min"),
            (.seconds(86_400), "1 d"), (.seconds(273_600), "3 d 4 h"),
        ] as [(Duration, String)]
    )
    func writes(duration: Duration, text: String) {
        #expect(duration.shortText == text)
    }
}
