import Dispatch
import Synchronization

/// Closes a client of ``KafkaAdmin`` or ``KafkaPartitionReader`` on a thread of its own, and waits at most for a bound.
///
/// `rd_kafka_destroy` can hang: in 2.0.2 it does when an admin request that the broker does not know has timed out.
/// The thread then keeps running: a leak is better than a close that never returns.
func closing(within bound: Duration, _ body: @escaping @Sendable () -> Void) async {
    await withCheckedContinuation { continuation in
        let once = Once(continuation)
        DispatchQueue.global().async {
            body()
            once.resume()
        }
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(Int(bound.milliseconds))) { once.resume() }
    }
}

/// Resumes a continuation once, at the first of several calls.
private final class Once: Sendable {
    private let waiter: Mutex<CheckedContinuation<Void, Never>?>

    init(_ continuation: CheckedContinuation<Void, Never>) { waiter = Mutex(continuation) }

    func resume() {
        let continuation = waiter.withLock { waiter in
            defer { waiter = nil }
            return waiter
        }
        continuation?.resume()
    }
}
