import ExportCore
import Synchronization

/// The time of the last progress of a loop, on the monotonic clock.
public final class Heartbeat: Sendable {
    private let last: Atomic<Int64>
    private let start = ContinuousClock.now

    /// Creates a heartbeat with progress at the present time.
    public init() { last = Atomic(0) }

    /// Notes progress.
    public func beat() {
        last.store((ContinuousClock.now - start).wholeMilliseconds, ordering: .relaxed)
    }

    /// Time since the last beat.
    public var age: Duration {
        .milliseconds((ContinuousClock.now - start).wholeMilliseconds - last.load(ordering: .relaxed))
    }
}
