import Dispatch

/// Runs an actor on a thread that may block: files' calls do, and the cooperative pool must not.
final class QueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) { queue = DispatchQueue(label: label, qos: .utility) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    /// Does something after what is under way, for owners that go away and cannot wait.
    func afterwards(_ work: @escaping @Sendable () -> Void) { queue.async(execute: work) }
}
