import Synchronization

/// How long the commit in flight has taken so far. `KafkaLog` sets it, and the health checks read it.
public final class CommitHeartbeat: Sendable {
    private let beginning = Mutex<ContinuousClock.Instant?>(nil)

    /// Creates one without a commit in flight.
    public init() {}

    func began() { beginning.withLock { $0 = .now } }

    func ended() { beginning.withLock { $0 = nil } }

    /// The age of the commit in flight; zero when there is none.
    public var age: Duration { beginning.withLock { $0.map { ContinuousClock.now - $0 } } ?? .zero }
}
