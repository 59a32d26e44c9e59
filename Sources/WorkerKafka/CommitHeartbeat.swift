import Synchronization

/// How long the commit under way has been under way.
public final class CommitHeartbeat: Sendable {
    private let beginning = Mutex<ContinuousClock.Instant?>(nil)

    /// Creates one that knows of no commit.
    public init() {}

    func began() { beginning.withLock { $0 = .now } }

    func ended() { beginning.withLock { $0 = nil } }

    /// The age of the commit under way; zero when there is none.
    public var age: Duration { beginning.withLock { $0.map { ContinuousClock.now - $0 } } ?? .zero }
}
