#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif
public import ExportCore

/// The computer's clocks.
public struct SystemClock: WorkerClock {
    private static let start = ContinuousClock.now

    /// Creates the clock.
    public init() {}

    /// The present time on both clocks. The monotonic one counts while the machine sleeps.
    public func time() -> EventTime {
        let elapsed = ContinuousClock.now - Self.start
        return EventTime(wall: now(), monotonic: MonotonicInstant(milliseconds: elapsed.wholeMilliseconds))
    }

    /// The time of day.
    public func now() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(milliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
