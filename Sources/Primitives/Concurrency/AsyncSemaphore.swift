import Synchronization

/// Lets a bounded number of tasks continue at the same time; the others wait in the order in which they came.
public final class AsyncSemaphore: Sendable {
    private struct State {
        var free: Int
        var waiting: [(id: Int, continuation: CheckedContinuation<Bool, Never>)] = []
        var nextID = 0
    }

    private let state: Mutex<State>

    /// - Parameter count: How many tasks may continue at the same time, at least one.
    public init(_ count: Int) { state = Mutex(State(free: max(1, count))) }

    /// Waits for a place, which ``release()`` gives back.
    ///
    /// - Returns: Whether there is one; false when the task was cancelled before.
    public func acquire() async -> Bool {
        let id = state.withLock { state in
            defer { state.nextID += 1 }
            return state.nextID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in enqueue(id, continuation, heedsCancellation: true) }
        } onCancel: {
            withdraw(id)
        }
    }

    /// Waits for a place whether or not the task is cancelled; ``release()`` gives it back.
    public func acquireUncancellably() async {
        _ = await withCheckedContinuation { continuation in enqueue(nil, continuation, heedsCancellation: false) }
    }

    /// Gives a place back: to the task that has waited longest, if any waits.
    public func release() {
        let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst().continuation
        }
        next?.resume(returning: true)
    }

    private func enqueue(_ id: Int?, _ continuation: CheckedContinuation<Bool, Never>, heedsCancellation: Bool) {
        let answer = state.withLock { state -> Bool? in
            // Under the lock: a cancellation that comes later finds the waiting task in the queue.
            if heedsCancellation, Task.isCancelled { return false }
            guard state.free == 0 else {
                state.free -= 1
                return true
            }
            state.waiting.append((id ?? -1, continuation))
            return nil
        }
        if let answer { continuation.resume(returning: answer) }
    }

    private func withdraw(_ id: Int) {
        let withdrawn = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard let index = state.waiting.firstIndex(where: { $0.id == id }) else { return nil }
            return state.waiting.remove(at: index).continuation
        }
        withdrawn?.resume(returning: false)
    }
}
