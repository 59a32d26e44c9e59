import NIOCore

/// Runs tasks on one of the HTTP client's event loops, so that a request, its answer and what is read out of it stay on
/// one thread.
///
/// Only for tasks that compute little between their requests: whatever blocks here holds up the loop's connections.
final class EventLoopExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        self.eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
