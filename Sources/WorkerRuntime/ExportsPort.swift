public import ExportCore

/// The exports port: the service's API and the file store.
public protocol ExportsPort: Sendable {
    /// Makes one call and returns its result. Does not retry: the worker schedules retries.
    /// When its task is cancelled the answer is `.failed(.abandoned)`.
    ///
    /// - Parameter transfer: for a download: says before each chunk whether it may be received.
    nonisolated(nonsending) func perform(_ call: Call, _ transfer: Transfer?) async -> CallResult
    /// Stores the manifest of a batch and returns where. Stored again, it is replaced by the same content.
    /// When its task is cancelled the answer is `.failed(.abandoned)`.
    func store(_ manifest: BatchManifest) async -> CallResult
    /// The preferred executor of `perform` for this call; `nil` for any.
    func executor(for call: Call) -> (any TaskExecutor)?
    /// Where calls are started: the executor that most of them prefer; `nil` for any.
    var callExecutor: (any TaskExecutor)? { get }
}

extension ExportsPort {
    /// Any executor.
    public var callExecutor: (any TaskExecutor)? { nil }

    /// Any executor.
    public func executor(for call: Call) -> (any TaskExecutor)? { nil }
}
