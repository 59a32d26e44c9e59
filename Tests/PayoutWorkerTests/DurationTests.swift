import Testing

@testable import payout_worker

@Suite struct ValueParsingTests {
    @Test func durations() {
        #expect(ValueParsing.duration("500ms") == .milliseconds(500))
    }
}
