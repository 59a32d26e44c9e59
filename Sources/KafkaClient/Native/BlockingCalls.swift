import Dispatch
import Synchronization

/// Threads for a client's calls that wait for a broker, so that no thread of Swift's cooperative pool waits. Consumer, admin
/// client and reader have one each.
final class BlockingCalls: Sendable {
    private let queue: DispatchQueue
    private let inProgress = DispatchGroup()
    private let isClosed = Mutex(false)

    init(label: String) {
        queue = DispatchQueue(label: label, attributes: .concurrent)
    }

    func run<R: Sendable>(
        _ operation: String,
        _ body: @escaping @Sendable () throws(KafkaError) -> R
    ) async throws(KafkaError) -> R {
        let entered = isClosed.withLock { isClosed in
            if !isClosed { inProgress.enter() }
            return !isClosed
        }
        guard entered else { throw .closed(operation) }
        let result: Result<R, KafkaError> = await withCheckedContinuation { continuation in
            queue.async {
                let result = Result(catching: body)
                self.inProgress.leave()
                continuation.resume(returning: result)
            }
        }
        return try result.get()
    }

    /// Refuses new calls from now on.
    /// - Returns: false when they were refused already.
    func beginClosing() -> Bool {
        isClosed.withLock { isClosed in
            defer { isClosed = true }
            return !isClosed
        }
    }

    /// Refuses new calls and waits for those in progress. Blocks.
    func close() {
        isClosed.withLock { $0 = true }
        inProgress.wait()
    }
}
