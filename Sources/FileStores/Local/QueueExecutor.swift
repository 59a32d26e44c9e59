import Dispatch

/// Runs an actor of a local store on a thread that may block: file system calls block, and the cooperative pool must not.
final class QueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) { queue = DispatchQueue(label: label, qos: .utility) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    /// Runs work after the jobs that are queued, for a deinitializer, which cannot wait.
    func afterwards(_ work: @escaping @Sendable () -> Void) { queue.async(execute: work) }
}
