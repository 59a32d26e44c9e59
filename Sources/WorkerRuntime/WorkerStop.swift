/// How a worker is told to stop, in three steps.
public struct WorkerStop: Sendable {
    /// A step.
    public enum Phase: Sendable {
        /// Take no more jobs, let calls under way end, commit, hand over.
        case graceful
        /// Give up the calls that are still under way.
        case abandonCalls
        /// Commit what is decided and hand over at once.
        case now
    }

    let phases: AsyncStream<Phase>
    private let continuation: AsyncStream<Phase>.Continuation

    /// Creates a switch that has not been used.
    public init() { (phases, continuation) = AsyncStream.makeStream() }

    /// Asks for a step.
    public func callAsFunction(_ phase: Phase) { continuation.yield(phase) }
}
