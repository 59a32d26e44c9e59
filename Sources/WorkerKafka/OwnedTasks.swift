import Synchronization

/// Tasks that are started one by one and end with their owner, which cancels and awaits those that still run. `KafkaLog`
/// and `ConnectionMonitor` own some.
final class OwnedTasks: Sendable {
    private struct State {
        var running: [UInt64: Task<Void, Never>] = [:]
        var last: UInt64 = 0
        var hasEnded = false
    }

    private let state = Mutex(State())

    /// Runs a body in a task.
    ///
    /// - Returns: the task; `nil` after ``end()``.
    @discardableResult
    func start(_ body: @escaping @Sendable () async -> Void) -> Task<Void, Never>? {
        state.withLock { state in
            guard !state.hasEnded else { return nil }
            state.last += 1
            let number = state.last
            let task = Task {
                await body()
                // Waits for the lock until the task is among those that run.
                self.state.withLock { $0.running[number] = nil }
            }
            state.running[number] = task
            return task
        }
    }

    /// Cancels the tasks that run now.
    func cancel() {
        for task in state.withLock({ Array($0.running.values) }) { task.cancel() }
    }

    /// Starts no other task, and cancels and awaits those that run.
    func end() async {
        let running = state.withLock { state in
            state.hasEnded = true
            return Array(state.running.values)
        }
        for task in running { task.cancel() }
        for task in running { await task.value }
    }
}
