import ExportCore
import Synchronization

/// The transfers in flight. A transfer is cancelled when its job or assignment ends.
final class Transfers: Sendable {
    private enum State {
        /// Requested; its task has not started yet.
        case expected
        case running(Task<CallResult, Never>)
        /// Cancelled before its task started.
        case cancelled
    }

    private let states = Mutex<[CallToken: State]>([:])

    /// Notes that a transfer is requested.
    func expect(_ token: CallToken) { states.withLock { $0[token] = .expected } }

    /// Cancels a transfer. Does nothing once it has ended.
    func cancel(_ token: CallToken) {
        let task: Task<CallResult, Never>? = states.withLock { states in
            switch states[token] {
            case .expected:
                states[token] = .cancelled
                return nil
            case .running(let task): return task
            case .cancelled, nil: return nil
            }
        }
        task?.cancel()
    }

    /// Cancels all transfers of an assignment that has ended: nothing uses their answers, and they would delay others.
    func cancel(partition: Int32, epoch: Epoch) {
        let tokens = states.withLock { states in
            states.keys.filter { $0.partition == partition && $0.epoch == epoch }
        }
        for token in tokens { cancel(token) }
    }

    /// Runs a transfer that can be cancelled, by ``cancel(_:)`` or by cancelling the calling task.
    func run(_ token: CallToken, _ transfer: @escaping @Sendable () async -> CallResult) async -> CallResult {
        let task = Task(operation: transfer)
        let isCancelled = states.withLock { states in
            if case .cancelled = states[token] { return true }
            states[token] = .running(task)
            return false
        }
        if isCancelled { task.cancel() }
        let result = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        states.withLock { $0[token] = nil }
        return result
    }
}
