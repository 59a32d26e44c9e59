/// Waits between repetitions: each bound is twice the one before, up to a maximum.
public struct BackOff: Sendable, Hashable {
    /// How chance spreads the waits, so that those who failed at the same time do not come back at the same time.
    public enum Jitter: Sendable {
        /// Anywhere from zero to the bound.
        case full
        /// Anywhere from half the bound to the bound.
        case upperHalf
    }

    /// The bound of the first wait.
    public var base: Duration
    /// The bound that the bounds of later waits grow to.
    public var maximum: Duration

    /// Makes a back-off.
    public init(base: Duration, maximum: Duration) {
        self.base = base
        self.maximum = maximum
    }

    /// The bound of a wait.
    ///
    /// - Parameter failures: Failures in a row, the one before the wait included; the first is 1.
    public func bound(after failures: Int) -> Duration {
        min(maximum, base * (1 << min(max(failures - 1, 0), 30)))
    }

    /// A wait.
    ///
    /// - Parameters:
    ///   - failures: Failures in a row, the one before the wait included; the first is 1.
    ///   - jitter: How chance spreads the waits.
    ///   - random: A number from 0 to 1.
    public func wait(after failures: Int, jitter: Jitter, random: Double) -> Duration {
        let share = min(max(random, 0), 1)
        return bound(after: failures) * (jitter == .full ? share : 0.5 + share / 2)
    }
}
