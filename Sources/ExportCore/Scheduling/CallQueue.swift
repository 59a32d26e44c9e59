/// The calls of one kind for one account that wait for their turn.
struct CallQueue {
    var tokens = RingBuffer<CallToken>()
    /// No call before this time.
    var blockedUntil = MonotonicInstant.distantPast
    /// The least gap between two calls, in milliseconds; grows with each 429 and shrinks with each success.
    private var gap = 0.0
    private var throttlings = 0

    private static let longestGap = 60_000.0
    private static let longestWait: Int64 = 60_000
    /// The upper bound of `Retry-After`: one wrong answer must not stop an account for days.
    static let longestRetryAfter: Duration = .seconds(15 * 60)

    func isReady(at now: MonotonicInstant) -> Bool { !tokens.isEmpty && blockedUntil <= now }

    mutating func started(at now: MonotonicInstant) {
        guard gap > 0 else { return }
        blockedUntil = max(blockedUntil, now.advanced(by: .milliseconds(Int64(gap))))
    }

    mutating func succeeded() {
        throttlings = 0
        gap = gap < 2 ? 0 : gap * 0.9
    }

    /// Slows down after a 429. Returns how long the queue waits; zero when it already waits that long.
    mutating func throttled(retryAfter: Duration?, at now: MonotonicInstant) -> Duration {
        // Calls that were in flight together are throttled together; they count as one 429.
        let isFirst = blockedUntil <= now
        if isFirst {
            throttlings += 1
            gap = min(Self.longestGap, max(gap * 2, 10))
        }
        let own = min(Self.longestWait, 1_000 << Int64(min(throttlings - 1, 6)))
        let wait = min(retryAfter ?? .milliseconds(own), Self.longestRetryAfter)
        let until = now.advanced(by: wait)
        guard until > blockedUntil else { return .zero }
        blockedUntil = until
        return isFirst ? wait : .zero
    }
}
