import Synchronization

/// The time of the last progress of a loop, on the monotonic clock.
public final class Heartbeat: Sendable {
    private let last = Mutex(ContinuousClock.now)

    /// Creates a heartbeat with progress at the present time.
    public init() {}

    /// Notes progress.
    public func beat() { last.withLock { $0 = .now } }

    /// Time since the last beat.
    public var age: Duration { last.withLock { .now - $0 } }
}
