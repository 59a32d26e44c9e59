import Synchronization

/// Requests to stop a worker, in three steps.
public final class WorkerStop: Sendable {
    /// A step.
    public enum Phase: Sendable {
        /// Take no more jobs, wait for calls in flight, commit, release the partitions.
        case graceful
        /// Cancel the calls that are still in flight.
        case abandonCalls
        /// Commit what is decided and release the partitions at once.
        case now
    }

    /// How long leaving the group and closing the clients may take where no deadline says it.
    private static let closing: Duration = .seconds(20)

    let phases: AsyncStream<Phase>
    private let continuation: AsyncStream<Phase>.Continuation
    private let hasRequest = Atomic(false)
    /// When the process exits in any case.
    private let limit = Mutex<ContinuousClock.Instant?>(nil)

    /// Creates a stop without requests.
    public init() { (phases, continuation) = AsyncStream.makeStream() }

    /// Whether any step was requested.
    public var isRequested: Bool { hasRequest.load(ordering: .relaxed) }

    /// Requests a step.
    ///
    /// - Parameter deadline: when the process exits in any case.
    public func callAsFunction(_ phase: Phase, deadline: ContinuousClock.Instant? = nil) {
        if let deadline { limit.withLock { $0 = deadline } }
        hasRequest.store(true, ordering: .relaxed)
        continuation.yield(phase)
    }

    /// How long the log may take to close: most of the time that is left, so that what ends after it has some too.
    var timeToClose: Duration {
        guard let deadline = limit.withLock({ $0 }) else { return Self.closing }
        return min(max(deadline - .now, .zero) * 0.8, Self.closing)
    }
}
