public import ExportCore
import Foundation

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
        Instant(milliseconds: Int64((Date().timeIntervalSince1970 * 1_000).rounded(.down)))
    }
}
