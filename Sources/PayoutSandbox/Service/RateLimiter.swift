import Primitives

/// Token buckets, one per account and type of call.
struct RateLimiter: Sendable {
    private struct Key: Hashable, Sendable {
        let account: UInt16
        let call: PayoutSandbox.Fault.Call
    }

    private struct Bucket: Sendable {
        var tokens: Double
        var updated: Timestamp
    }

    private var buckets: [Key: Bucket] = [:]

    /// Takes one call out of the bucket. Nil when there was one, otherwise the seconds until there is one again.
    mutating func take(
        _ call: PayoutSandbox.Fault.Call,
        account: UInt16,
        limit: PayoutSandbox.RateLimit,
        at now: Timestamp
    ) -> Double? {
        let rate = max(limit.requestsPerSecond, 0.001)
        let key = Key(account: account, call: call)
        var bucket = buckets[key] ?? Bucket(tokens: max(1, limit.burst), updated: now)
        let elapsed = max(0, now.nanosecondsSinceEpoch - bucket.updated.nanosecondsSinceEpoch)
        let refill = Double(elapsed) / Double(Timestamp.nanosecondsPerSecond) * rate
        bucket.tokens = min(max(1, limit.burst), bucket.tokens + refill)
        bucket.updated = now
        defer { buckets[key] = bucket }
        guard bucket.tokens >= 1 else { return (1 - bucket.tokens) / rate }
        bucket.tokens -= 1
        return nil
    }
}
