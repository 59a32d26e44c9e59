/// The wait before a call is repeated after a transient failure: doubling, bounded, with full jitter
/// over its upper half.
struct BackOff {
    var minimum: Duration
    var maximum: Duration

    /// Milliseconds before the next try after `failures` consecutive failures.
    func interval(failures: Int, hash: UInt32) -> Int64 {
        let low = max(1, minimum.wholeMilliseconds)
        let high = max(low, maximum.wholeMilliseconds)
        let doubled = low.multipliedReportingOverflow(by: Int64(1) << Int64(min(max(failures - 1, 0), 30)))
        let base = doubled.overflow ? high : min(high, doubled.partialValue)
        return base / 2 + PollPace.fraction(of: base - base / 2, PollPace.mix(hash, UInt32(failures)))
    }
}
