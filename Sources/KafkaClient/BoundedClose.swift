import Dispatch
import Synchronization

/// Ends a client on a thread of its own and waits for that, but not for ever.
///
/// `rd_kafka_destroy` can hang: in 2.0.2 it does when an admin request that the broker does not know has timed out.
/// The thread is left behind then, which is the lesser evil.
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

/// Resumes a continuation once, whoever comes first.
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
