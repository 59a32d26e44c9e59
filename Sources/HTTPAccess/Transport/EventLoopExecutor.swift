import NIOCore
import Synchronization

/// Runs tasks on one of the HTTP client's event loops, so that a request and the handling of its answer stay on one thread.
/// ``HTTPTransport/taskExecutor()`` returns it.
///
/// Only for tasks that compute little between their requests: a task that blocks delays the loop's connections.
final class EventLoopExecutor: TaskExecutor {
    let eventLoop: any EventLoop
    /// What the loop has not run yet. Only the first is submitted to the loop, because that costs more than most of these jobs.
    private let jobs = Mutex<[UnownedJob]>([])

    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isFirst = jobs.withLock { jobs in
            jobs.append(job)
            return jobs.count == 1
        }
        if isFirst { eventLoop.execute(run) }
    }

    @Sendable private func run() {
        let due = jobs.withLock { jobs in
            defer { jobs = [] }
            return jobs
        }
        for job in due { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
