import Dispatch

/// Runs an actor on a thread that may block: file system calls block, and the cooperative pool must not.
public final class QueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    /// - Parameter label: The queue's name, for debuggers.
    public init(label: String) { queue = DispatchQueue(label: label, qos: .utility) }

    /// Runs a job of the actor.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    /// Runs work after the jobs that are queued, for a deinitializer, which cannot wait.
    public func afterwards(_ work: @escaping @Sendable () -> Void) { queue.async(execute: work) }
}
