import HTTPStandIns
import Testing

@testable import HTTPAccess

/// When a download attempt is ended because it stalls or is too slow.
@Suite struct StallWatchTests {
    private let clock = TestClock()

    private func watch(timeout: Duration = .seconds(60), bytes: Int = 1000) -> StallWatch {
        StallWatch(timeout: timeout, rate: MinimumRate(bytes: bytes, window: .seconds(10)), clock: clock)
    }

    /// Waits for a time and receives a number of bytes.
    private func wait(_ watch: StallWatch, _ time: Duration, _ received: Int) -> Bool {
        watch.beginWait(isBody: true)
        clock.advance(by: time)
        return watch.endWait(received: received)
    }

    @Test func bodyThatComesByteByByteIsTooSlow() {
        let watch = watch()
        #expect(wait(watch, .seconds(4), 1))
        #expect(wait(watch, .seconds(4), 1))
        #expect(!wait(watch, .seconds(4), 1))
        #expect(watch.finding == .tooSlow)
    }

    @Test func bodyAtTheMinimumRateContinues() {
        let watch = watch()
        for _ in 0..<100 { #expect(wait(watch, .seconds(5), 500)) }
        #expect(watch.finding == nil)
    }

    @Test func timeOfTheConsumerDoesNotCount() {
        let watch = watch()
        for _ in 0..<9 {
            #expect(wait(watch, .seconds(1), 1))
            clock.advance(by: .seconds(600))
        }
        #expect(watch.finding == nil)
    }

    @Test func headHasTheTimeOutAlone() async {
        let watch = watch()
        watch.beginWait()
        clock.advance(by: .seconds(59))
        #expect(watch.endWait())
        watch.beginWait()
        // A sleep advances the test's clock.
        await watch.run()
        #expect(watch.finding == .stalled)
        #expect(!watch.endWait())
    }

    @Test func waitForTheNextByteEndsWithTheWindow() async {
        let watch = watch()
        #expect(wait(watch, .seconds(3), 10))
        watch.beginWait(isBody: true)
        let before = clock.uptime()
        await watch.run()
        #expect(watch.finding == .tooSlow)
        #expect(clock.uptime() - before == .seconds(7))
    }
}
