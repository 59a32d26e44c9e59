/// The interval between polls: a function of the export's age and a fixed hash. It needs no stored state, and polls
/// stay spread after a restart.
struct PollPace {
    var minimum: Duration
    var maximum: Duration

    /// The wait at `age`, in milliseconds: a tenth of the age, between the bounds, less or more by a tenth.
    func interval(age: Int64, hash: UInt32) -> Int64 {
        let low = max(1, minimum.wholeMilliseconds)
        let high = max(low, maximum.wholeMilliseconds)
        let base = min(high, max(low, age / 10))
        // The jitter only shortens at the upper bound, which is a promise to the user.
        let spread = base / 5
        let jittered = base - spread / 2 + Self.fraction(of: spread, hash)
        return max(low, min(high, jittered))
    }

    /// The wait after a restart: anywhere within the interval in force.
    func firstInterval(age: Int64, hash: UInt32) -> Int64 {
        Self.fraction(of: interval(age: age, hash: hash), hash)
    }

    /// A fraction of `whole`, in proportion to `hash`.
    static func fraction(of whole: Int64, _ hash: UInt32) -> Int64 {
        Int64(UInt64(max(0, whole)).multipliedFullWidth(by: UInt64(hash) << 32).high)
    }

    /// Derives another hash, so that each use of a job's hash has its own.
    static func mix(_ hash: UInt32, _ salt: UInt32) -> UInt32 {
        var value = hash ^ (salt &* 0x9e37_79b9)
        value = (value ^ (value >> 16)) &* 0x85eb_ca6b
        value = (value ^ (value >> 13)) &* 0xc2b2_ae35
        return value ^ (value >> 16)
    }
}

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
