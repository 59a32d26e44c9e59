import NIOCore
import NIOHTTP1
import Synchronization

/// A request of ``CallConnections`` and the way back to its caller, who gets exactly one result.
final class PendingCall: Sendable {
    typealias Completion = @Sendable (sending Result<HTTPAnswer, any Error>) -> Void

    private enum State {
        case created
        case waiting(Completion)
        case finished
        /// The result came before the caller waited for it.
        case failed(any Error)
    }

    let method: HTTPMethod
    /// The request's head as it is sent.
    let head: ByteBuffer
    let body: ByteBuffer?
    let limits: ExchangeState.Limits
    let deadline: NIODeadline
    /// Whether the request may be sent again where the server may have received it.
    let isIdempotent: Bool
    private let state = Mutex(State.created)

    init(
        method: HTTPMethod = .GET,
        head: ByteBuffer = ByteBuffer(),
        body: ByteBuffer? = nil,
        limits: ExchangeState.Limits,
        deadline: NIODeadline,
        isIdempotent: Bool
    ) {
        self.method = method
        self.head = head
        self.body = body
        self.limits = limits
        self.deadline = deadline
        self.isIdempotent = isIdempotent
    }

    /// Whether the caller has its result.
    var isFinished: Bool {
        state.withLock { state in
            switch state {
            case .created, .waiting: false
            case .finished, .failed: true
            }
        }
    }

    /// Sets where the result goes. Called once.
    func begin(_ completion: @escaping Completion) {
        let error: (any Error)? = state.withLock { state in
            guard case .failed(let error) = state else {
                state = .waiting(completion)
                return nil
            }
            state = .finished
            return error
        }
        if let error { completion(.failure(error)) }
    }

    /// Returns an answer to the caller, unless it has a result.
    func finish(_ answer: HTTPAnswer) {
        take(or: nil)?(.success(answer))
    }

    /// Returns an error to the caller, unless it has a result.
    func fail(_ error: any Error) {
        take(or: error)?(.failure(error))
    }

    private func take(or error: (any Error)?) -> Completion? {
        state.withLock { state in
            switch state {
            case .created:
                if let error { state = .failed(error) }
                return nil
            case .waiting(let completion):
                state = .finished
                return completion
            case .finished, .failed: return nil
            }
        }
    }
}
