import Testing

@testable import WorkerKafka

@Suite struct StoppedPartitionsTests {
    private let start = ContinuousClock.now

    private func interval(after last: Duration, at seconds: Int) -> Duration {
        StoppedPartitions.interval(after: (start, last), at: start + .seconds(seconds), .seconds(2))
    }

    @Test func partitionThatStopsAgainStaysStoppedForLonger() {
        #expect(StoppedPartitions.interval(after: nil, at: start, .seconds(2)) == .seconds(2))
        #expect(interval(after: .seconds(2), at: 3) == .seconds(4))
        #expect(interval(after: .seconds(4), at: 5) == .seconds(8))
        #expect(interval(after: .seconds(40), at: 41) == .seconds(60))
        #expect(interval(after: .seconds(60), at: 100) == .seconds(60))
    }

    /// A minute after the end of the last interval.
    @Test func laterStopOfAPartitionIsAFirstOne() {
        #expect(interval(after: .seconds(8), at: 67) == .seconds(16))
        #expect(interval(after: .seconds(8), at: 68) == .seconds(2))
    }
}
