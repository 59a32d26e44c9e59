import Testing

@testable import payout_worker

@Suite struct ValueParsingTests {
    @Test(arguments: [
        ("500ms", Duration.milliseconds(500)), ("30s", .seconds(30)), ("5m", .seconds(300)), ("26h", .seconds(93_600)),
        ("2d", .seconds(172_800)), ("1.5s", .milliseconds(1_500)), ("0s", .zero),
    ])
    func durations(text: String, expected: Duration) {
        #expect(ValueParsing.duration(text) == expected)
    }

    @Test(arguments: ["", "5", "s", "-1s", "5 s", "1w", "infs", "nans", "1e300h"])
    func refusedDurations(text: String) {
        #expect(ValueParsing.duration(text) == nil)
    }

    @Test(arguments: [("64KiB", 65_536), ("8MiB", 8_388_608), ("1GiB", 1_073_741_824), ("12", 12), ("12B", 12)])
    func sizes(text: String, expected: Int) {
        #expect(ValueParsing.size(text) == expected)
    }

    @Test(arguments: ["", "KiB", "-1", "1.5MiB", "9223372036854775807GiB"])
    func refusedSizes(text: String) {
        #expect(ValueParsing.size(text) == nil)
    }

    @Test func booleans() {
        #expect(ValueParsing.boolean("TRUE") == true)
        #expect(ValueParsing.boolean("off") == false)
        #expect(ValueParsing.boolean("maybe") == nil)
    }
}
