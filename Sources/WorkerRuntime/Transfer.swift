import ExportCore
import Synchronization

/// A download in flight. The core decides when it runs: the port that makes the download asks before each chunk.
public final class Transfer: Sendable {
    private struct State {
        var isSuspended = false
        var isCancelled = false
        var task: Task<CallResult, Never>?
        /// The port's wait while the download is suspended.
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Creates a download that runs.
    public init() {}

    /// Whether the download must receive no more bytes for now.
    public var isSuspended: Bool { state.withLock { $0.isSuspended } }

    /// Waits while the download is suspended. One caller at a time.
    ///
    /// - Throws: `CancellationError` when the download is cancelled.
    public func waitWhileSuspended() async throws(CancellationError) {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    let waits = state.isSuspended && !Task.isCancelled
                    if waits { state.waiter = continuation }
                    return waits
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            endWait()
        }
        if Task.isCancelled { throw CancellationError() }
    }

    func suspend() { state.withLock { $0.isSuspended = true } }

    func resume() {
        state.withLock { $0.isSuspended = false }
        endWait()
    }

    /// Cancels the download, before or after it has begun.
    func cancel() {
        let task = state.withLock { state in
            state.isCancelled = true
            return state.task
        }
        task?.cancel()
    }

    /// Makes the download. It is cancelled with the calling task too.
    func run(_ download: @escaping @Sendable (Transfer) async -> CallResult) async -> CallResult {
        let task = Task { await download(self) }
        let isCancelled = state.withLock { state in
            state.task = task
            return state.isCancelled
        }
        if isCancelled { task.cancel() }
        let result = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        state.withLock { $0.task = nil }
        return result
    }

    private func endWait() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}
