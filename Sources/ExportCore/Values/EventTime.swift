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
