import Synchronization

/// When something last made progress, on the clock that never goes back.
public final class Heartbeat: Sendable {
    private let last: Atomic<Int64>
    private let start = ContinuousClock.now

    /// Creates a heart that has just beaten.
    public init() { last = Atomic(0) }

    /// Notes progress.
    public func beat() {
        last.store((ContinuousClock.now - start).milliseconds, ordering: .relaxed)
    }

    /// Time since the last beat.
    public var age: Duration {
        .milliseconds((ContinuousClock.now - start).milliseconds - last.load(ordering: .relaxed))
    }
}

extension Duration {
    fileprivate var milliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}
