/// The limits after which a state counts as unhealthy.
package struct HealthThresholds: Sendable {
    /// Work waits without progress.
    package var stall: Duration = .seconds(60)
    /// A partition restores its state.
    package var restore: Duration = .seconds(120)
    /// Consecutive failed commits.
    package var commitFailures = 3
    /// A loop has not started. Long, because the worker waits for Kafka at its start.
    package var start: Duration = .seconds(600)
    /// Consecutive unanswered calls of an account, after which the service counts as unreachable.
    package var callFailures = 3
    /// How long failed calls or downloads count without a further call.
    package var memory: Duration = .seconds(900)
    /// The engine does not answer.
    package var answer: Duration = .seconds(5)

    /// Creates the defaults.
    package init() {}
}
