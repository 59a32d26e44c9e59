import Foundation

/// Runs an actor on one thread of its own, so that its calls may block without holding up Swift's cooperative pool.
///
/// Jobs run in the order in which they were enqueued. The thread ends when ``stop()`` has been called and no job is
/// left; the actor calls it from its `deinit`, after which nobody can enqueue any more.
///
/// Sound to share: `jobs` and `isStopping` are under the condition's lock, `thread` is set once in `init`.
final class ThreadExecutor: SerialExecutor, @unchecked Sendable {
    private let condition = NSCondition()
    private var jobs: [UnownedJob] = []
    private var isStopping = false
    private var thread: Thread?

    init(name: String) {
        // The thread holds the executor, not the other way round, so that both end by `stop()`.
        let thread = Thread { [self] in runUntilStopped() }
        thread.name = name
        self.thread = thread
        thread.start()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        condition.withLock {
            jobs.append(unowned)
            condition.signal()
        }
    }

    func stop() {
        condition.withLock {
            isStopping = true
            condition.signal()
        }
    }

    /// Lets `assumeIsolated` work on this thread.
    func checkIsolated() {
        precondition(Thread.current === thread, "not on the executor's thread")
    }

    private func runUntilStopped() {
        while let batch = nextJobs() {
            for job in batch { job.runSynchronously(on: asUnownedSerialExecutor()) }
        }
    }

    /// All jobs that wait, after waiting for at least one; `nil` at the end.
    private func nextJobs() -> [UnownedJob]? {
        condition.withLock {
            while jobs.isEmpty {
                if isStopping { return nil }
                condition.wait()
            }
            defer { jobs.removeAll(keepingCapacity: true) }
            return jobs
        }
    }
}
