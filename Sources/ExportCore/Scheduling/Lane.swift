/// The calls of one kind for one account that wait for their turn.
struct Lane {
    var queue = RingBuffer<CallToken>()
    /// No call before this moment.
    var blockedUntil = Instant(milliseconds: .min)
    /// The least gap between two calls, in milliseconds; grows with each 429 and shrinks with each success.
    private var gap = 0.0
    private var throttlings = 0

    private static let longestGap = 60_000.0
    private static let longestWait: Int64 = 60_000

    func isReady(at now: Instant) -> Bool { !queue.isEmpty && blockedUntil <= now }

    mutating func started(at now: Instant) {
        guard gap > 0 else { return }
        blockedUntil = max(blockedUntil, now.advanced(by: .milliseconds(Int64(gap))))
    }

    mutating func succeeded() {
        throttlings = 0
        gap = gap < 2 ? 0 : gap * 0.9
    }

    /// Takes a 429 to heart and says how long the lane waits.
    mutating func throttled(retryAfter: Duration?, at now: Instant) -> Duration {
        // Several calls that were under way together are told off together: that is one 429.
        let isFirst = blockedUntil <= now
        if isFirst {
            throttlings += 1
            gap = min(Self.longestGap, max(gap * 2, 10))
        }
        let own = min(Self.longestWait, 1_000 << Int64(min(throttlings - 1, 6)))
        let wait = retryAfter ?? .milliseconds(own)
        let until = now.advanced(by: wait)
        guard until > blockedUntil else { return .zero }
        blockedUntil = until
        return isFirst ? wait : .zero
    }
}

/// A budget that fills steadily and holds at most one second's worth.
struct TokenBucket {
    private var level: Double
    /// Calls a second.
    private(set) var rate: Double
    private var filledAt: Instant?

    init(rate: Double) {
        self.rate = rate
        level = max(1, rate)
    }

    private var capacity: Double { max(1, rate) }

    mutating func setRate(_ newRate: Double, at now: Instant) {
        fill(at: now)
        rate = newRate
        level = min(level, capacity)
    }

    mutating func take(at now: Instant) -> Bool {
        fill(at: now)
        guard level >= 1 else { return false }
        level -= 1
        return true
    }

    mutating func giveBack() { level = min(capacity, level + 1) }

    /// When one call's worth is there.
    func nextToken(after now: Instant) -> Instant? {
        if level >= 1 { return now }
        guard rate > 0 else { return nil }
        // The level is that of the last filling. A budget of nearly nothing fills in longer than can be said.
        let wait = min((1 - level) / rate * 1_000, 1e15)
        return max(now, min(filledAt ?? now, now).advanced(by: .milliseconds(Int64(wait) + 1)))
    }

    private mutating func fill(at now: Instant) {
        defer { filledAt = now }
        guard let filledAt, now > filledAt else { return }
        let elapsed = Double(now.milliseconds - filledAt.milliseconds) / 1_000
        level = min(capacity, level + elapsed * rate)
    }
}
