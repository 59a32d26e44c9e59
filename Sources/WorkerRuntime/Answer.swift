import ExportCore
import Synchronization

/// A question to the machine. It is answered exactly once, with `nil` when the loop has ended.
final class Answer: Sendable {
    private let body: Mutex<(@Sendable (WorkerMachine?) -> Void)?>

    init(_ body: @escaping @Sendable (WorkerMachine?) -> Void) { self.body = Mutex(body) }

    func resume(_ machine: WorkerMachine?) {
        let body = self.body.withLock { body in
            defer { body = nil }
            return body
        }
        body?(machine)
    }

    deinit { resume(nil) }
}
