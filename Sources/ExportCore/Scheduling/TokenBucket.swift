/// A budget that fills steadily and holds at most one second's worth.
struct TokenBucket {
    private var level: Double
    /// Calls a second.
    private(set) var rate: Double
    private var filledAt: MonotonicInstant?

    init(rate: Double) {
        self.rate = rate
        level = max(1, rate)
    }

    private var capacity: Double { max(1, rate) }

    mutating func setRate(_ newRate: Double, at now: MonotonicInstant) {
        fill(at: now)
        rate = newRate
        level = min(level, capacity)
    }

    mutating func consume(at now: MonotonicInstant) -> Bool {
        fill(at: now)
        guard level >= 1 else { return false }
        level -= 1
        return true
    }

    mutating func giveBack() { level = min(capacity, level + 1) }

    /// When the budget covers one call; `nil` for never.
    func nextToken(after now: MonotonicInstant) -> MonotonicInstant? {
        if level >= 1 { return now }
        guard rate > 0 else { return nil }
        // `level` is that of the last fill. A rate near zero would overflow, hence the bound.
        let wait = min((1 - level) / rate * 1_000, 1e15)
        return max(now, (filledAt ?? now).advanced(by: .milliseconds(Int64(wait) + 1)))
    }

    private mutating func fill(at now: MonotonicInstant) {
        defer { filledAt = now }
        guard let filledAt, now > filledAt else { return }
        let elapsed = Double(now.milliseconds - filledAt.milliseconds) / 1_000
        level = min(capacity, level + elapsed * rate)
    }
}
