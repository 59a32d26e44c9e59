import Foundation
import Primitives

/// Runs an actor on one thread of its own, so that its calls may block without holding up Swift's cooperative pool.
///
/// Jobs run in the order in which they were enqueued. The thread ends when ``stop()`` has been called and no job is
/// left; the actor calls it from its `deinit`, after which no caller can enqueue any more.
///
/// Sound to share: what is mutable is under the condition's lock.
final class ThreadExecutor: SerialExecutor, @unchecked Sendable {
    private let condition = MonotonicCondition()
    private var jobs: [UnownedJob] = []
    private var isStopping = false
    private var thread: Thread?

    init(name: String) {
        let thread = Thread { [self] in
            Thread.current.name = name
            runUntilStopped()
            // The thread keeps its closure, and with it the executor, for as long as the executor keeps the thread.
            condition.withLock { self.thread = nil }
        }
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
        precondition(condition.withLock { thread } === Thread.current, "not on the executor's thread")
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
