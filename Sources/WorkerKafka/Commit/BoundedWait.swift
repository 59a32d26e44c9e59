import Synchronization
import WorkerRuntime

/// Waits for a body, but not for longer than the bound.
///
/// The body may end later, when no caller waits for it any more: calls into librdkafka cannot be cancelled, and some take
/// half a minute while brokers are unavailable. Its task then holds what it uses until the call returns.
func waiting(atMost bound: Duration, for body: @escaping @Sendable () async -> Void) async {
    await withCheckedContinuation { continuation in
        let end = FirstEnd(continuation)
        let timer = Task { if await slept(for: bound) { end.reached() } }
        Task {
            await body()
            end.reached()
            timer.cancel()
        }
    }
}

/// Resumes a continuation once, at the first of several ends.
private final class FirstEnd: Sendable {
    private let waiter: Mutex<CheckedContinuation<Void, Never>?>

    init(_ continuation: CheckedContinuation<Void, Never>) { waiter = Mutex(continuation) }

    func reached() {
        let continuation = waiter.withLock { waiter in
            defer { waiter = nil }
            return waiter
        }
        continuation?.resume()
    }
}
