public import ExportCore

/// The outside world of exports: the service's API, and the file store.
public protocol ExportsPort: Sendable {
    /// Makes one call and says what came of it. Does not retry: the worker schedules repetitions.
    /// When its task is cancelled the answer is `.failed(.abandoned)`.
    func perform(_ call: Call) async -> CallResult
    /// Where `perform` of this call runs best; `nil` for anywhere.
    func executor(for call: Call) -> (any TaskExecutor)?
}

extension ExportsPort {
    /// Anywhere.
    public func executor(for call: Call) -> (any TaskExecutor)? { nil }
}

/// The time of day. Tests bring their own.
public protocol WorkerClock: Sendable {
    /// The present moment.
    func now() -> Instant
}
