public import ExportCore

// Questions about jobs. The engine's thread answers them between two events.
extension WorkerLoop {
    /// Those of some jobs that this worker's partitions know, by their ids; `nil` when the loop has ended.
    ///
    /// - Returns: the jobs, and how long the engine took for them.
    public func jobs(named ids: Set<String>) async -> (found: [String: JobView], took: Duration)? {
        await timed { machine, now in
            ids.reduce(into: [:]) { found, id in found[id] = machine.job(id, at: now) }
        }
    }

    /// A part of the list of jobs; `nil` when the loop has ended.
    ///
    /// - Returns: the page, and how long the engine took for it.
    public func jobs(_ question: JobQuestion) async -> (page: JobPage, took: Duration)? {
        await timed { $0.jobs(question, at: $1) }.map { (page: $0.found, took: $0.took) }
    }

    /// A snapshot of the open jobs; `nil` when the loop has ended. It takes the engine some time, so call this rarely.
    ///
    /// - Parameter limit: how many of the oldest jobs are listed.
    /// - Returns: the snapshot, and how long the engine took for it.
    public func jobSnapshot(oldest limit: Int) async -> (found: JobSnapshot, took: Duration)? {
        await timed { $0.jobSnapshot(oldest: limit, at: $1) }
    }

    private func timed<Value: Sendable>(
        _ ask: @escaping @Sendable (WorkerMachine, EventTime) -> Value
    ) async -> (found: Value, took: Duration)? {
        let clock = clock
        return await withCheckedContinuation { continuation in
            let answer = Answer { machine in
                let start = ContinuousClock.now
                guard let machine else { return continuation.resume(returning: nil) }
                let found = ask(machine, clock.time())
                continuation.resume(returning: (found, ContinuousClock.now - start))
            }
            queue.post(.question(answer))
        }
    }
}
