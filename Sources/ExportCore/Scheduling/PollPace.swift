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
