import Synchronization

/// Asks, and waits for the answer no longer than `limit`. The question itself cannot be taken back: it may be
/// answered later, to nobody.
///
/// - Returns: `nil` when there was no answer in time.
func answer<Answer: Sendable>(
    within limit: Duration,
    _ ask: @escaping @Sendable () async -> Answer
) async -> Answer? {
    await withCheckedContinuation { continuation in
        let first = FirstAnswer(continuation)
        let timer = Task {
            try? await Task.sleep(for: limit)
            first.give(nil)
        }
        Task {
            first.give(await ask())
            timer.cancel()
        }
    }
}

private final class FirstAnswer<Answer: Sendable>: Sendable {
    private let continuation: Mutex<CheckedContinuation<Answer?, Never>?>

    init(_ continuation: CheckedContinuation<Answer?, Never>) { self.continuation = Mutex(continuation) }

    func give(_ answer: Answer?) {
        let waiting = continuation.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }
        waiting?.resume(returning: answer)
    }
}

/// A number of things under way at the most.
final class Limiter: Sendable {
    private let count = Mutex(0)
    private let limit: Int

    init(_ limit: Int) { self.limit = limit }

    var isFull: Bool { count.withLock { $0 >= limit } }

    func enter() -> Bool {
        count.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
    }

    func leave() { count.withLock { $0 -= 1 } }
}
