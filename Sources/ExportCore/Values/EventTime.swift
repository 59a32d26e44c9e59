/// The time at which an event arrives, on two clocks.
///
/// The wall clock is for the times that users give and see: deadlines, `notBefore`, the times of an event, the
/// deduplication window, the expiry of a URL. It can be set, so no interval is measured with it. The monotonic clock
/// measures intervals: back-off, rate limits, probes, polls, the commit interval, the drain grace and the breaker.
public struct EventTime: Hashable, Sendable {
    /// The time of day.
    public var wall: Instant
    /// The time since an arbitrary start in this process.
    public var monotonic: MonotonicInstant

    /// Creates a time from both clocks, read together.
    public init(wall: Instant, monotonic: MonotonicInstant) {
        self.wall = wall
        self.monotonic = monotonic
    }

    /// The time on the monotonic clock when the wall clock shows `instant`, unless it is set meanwhile.
    func monotonic(at instant: Instant) -> MonotonicInstant {
        guard instant < .distantFuture else { return .distantFuture }
        return monotonic.advanced(by: wall.duration(to: instant))
    }

    /// What the wall clock shows at `instant` of the monotonic clock, unless it is set meanwhile.
    func wall(at instant: MonotonicInstant) -> Instant {
        guard instant < .distantFuture else { return .distantFuture }
        return wall.advanced(by: monotonic.duration(to: instant))
    }
}

/// A time on a clock that counts milliseconds from an arbitrary start and cannot be set. It has no meaning in another
/// process, so it is never stored.
public struct MonotonicInstant: Hashable, Comparable, Sendable {
    /// Milliseconds since the clock's start.
    public var milliseconds: Int64

    /// Creates a time from milliseconds since the clock's start.
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Later than every other time: "never".
    public static let distantFuture = MonotonicInstant(milliseconds: .max)

    /// Earlier than every time: "at once".
    static let distantPast = MonotonicInstant(milliseconds: .min)

    /// The time that lies `duration` later; stops at the ends of the range instead of overflowing.
    public func advanced(by duration: Duration) -> MonotonicInstant {
        let (sum, overflow) = milliseconds.addingReportingOverflow(duration.wholeMilliseconds)
        guard !overflow else { return duration < .zero ? .distantPast : .distantFuture }
        return MonotonicInstant(milliseconds: sum)
    }

    /// How much later `other` is; negative when it is earlier.
    public func duration(to other: MonotonicInstant) -> Duration {
        let (difference, overflow) = other.milliseconds.subtractingReportingOverflow(milliseconds)
        guard !overflow else { return .milliseconds(other < self ? Int64.min : Int64.max) }
        return .milliseconds(difference)
    }

    /// Orders times by their milliseconds.
    public static func < (left: MonotonicInstant, right: MonotonicInstant) -> Bool {
        left.milliseconds < right.milliseconds
    }
}
