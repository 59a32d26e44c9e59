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

    let phases: AsyncStream<Phase>
    private let continuation: AsyncStream<Phase>.Continuation
    private let hasRequest = Atomic(false)

    /// Creates a stop without requests.
    public init() { (phases, continuation) = AsyncStream.makeStream() }

    /// Whether any step was requested.
    public var isRequested: Bool { hasRequest.load(ordering: .relaxed) }

    /// Requests a step.
    public func callAsFunction(_ phase: Phase) {
        hasRequest.store(true, ordering: .relaxed)
        continuation.yield(phase)
    }
}
