import NIOCore

/// Runs tasks on one of the HTTP client's event loops, so that a request and the handling of its answer stay on one thread.
/// ``HTTPTransport/taskExecutor()`` returns it.
///
/// Only for tasks that compute little between their requests: a task that blocks delays the loop's connections.
final class EventLoopExecutor: TaskExecutor {
    let eventLoop: any EventLoop

    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
