import CRDKafka
import Dispatch
import Synchronization

/// The calls of one client that wait for a broker, each on a thread of its own.
final class BlockingCalls: Sendable {
    private let label: String
    private let inProgress = DispatchGroup()
    private let isClosed = Mutex(false)

    init(label: String) {
        self.label = label
    }

    /// - Parameter bound: how long the caller waits for the body, whatever librdkafka does; without one, the body ends itself.
    /// - Throws: what the body throws; ``KafkaErrorCode/timedOut`` at the end of the bound.
    func run<R: Sendable>(
        _ operation: String,
        within bound: Duration? = nil,
        _ body: @escaping @Sendable () throws(KafkaError) -> R
    ) async throws(KafkaError) -> R {
        let entered = isClosed.withLock { isClosed in
            if !isClosed { inProgress.enter() }
            return !isClosed
        }
        guard entered else { throw .closed(operation) }
        let counted: @Sendable () -> Result<R, KafkaError> = {
            defer { self.inProgress.leave() }
            return Result(catching: body)
        }
        guard let bound else {
            return try await withCheckedContinuation { continuation in
                startBlocking(label) { continuation.resume(returning: counted()) }
            }.get()
        }
        guard let result = await waiting(within: bound, label, counted) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, operation: operation)
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
