import NIOCore

/// The state of one connection: one request and its answer after another. It collects each answer within limits and decides
/// how each exchange ends, without IO. ``CallConnection`` feeds it what arrives and does what it returns.
///
/// Each exchange ends with exactly one ``Action/complete(_:)`` or ``Action/fail(_:isUnanswered:)``.
struct ExchangeState {
    /// What the connection does next.
    enum Action {
        case none
        /// The answer is complete. The connection is not free before ``release(_:)``.
        case complete(HTTPAnswer)
        /// There is no answer. The connection is closed.
        ///
        /// - Parameter isUnanswered: Whether no byte of an answer arrived.
        case fail(TransportFault, isUnanswered: Bool)
        /// The connection can carry the next request.
        case release(KeepAlive)
        /// The connection is closed.
        case close
    }

    /// The limits of one answer.
    struct Limits: Equatable {
        /// The largest head, interim answers included, in bytes. A head may exceed it by one read.
        static let head = 64 * 1024

        /// The largest body, decompressed, in bytes.
        var body: Int
        /// The most bytes on the wire. Chunks of a single byte each take six.
        var wire: Int { Self.head + 8 * body }
    }

    private enum Phase {
        case idle
        case awaitingHead
        case readingBody
        /// The answer is complete, the read that ended it is not.
        case answered
        case closed
    }

    private var phase = Phase.idle
    private var limits = Limits(body: 0)
    private var received = 0
    private var isRequestWritten = true
    private var answer = HTTPAnswer(status: 0)
    private var keepAlive: KeepAlive?

    /// Whether an answer is awaited, or in progress.
    var isReading: Bool { phase == .awaitingHead || phase == .readingBody }

    /// Whether the connection carries no further request.
    var isClosed: Bool { phase == .closed }

    /// A request is written.
    ///
    /// - Parameter hasBody: Whether ``finishRequest()`` follows, when the request's body is written.
    mutating func begin(_ limits: Limits, hasBody: Bool) {
        precondition(phase == .idle, "a connection carries one request at a time")
        phase = .awaitingHead
        self.limits = limits
        received = 0
        isRequestWritten = !hasBody
    }

    /// The request's body is written. An answer that ends before that ends the connection too: the server no longer reads.
    mutating func finishRequest() { isRequestWritten = true }

    /// Bytes arrived, which are not decoded yet.
    mutating func receive(bytes count: Int) -> Action {
        switch phase {
        case .awaitingHead where received > Limits.head, .readingBody where received + count > limits.wire:
            return fail(.answerTooLarge)
        case .awaitingHead, .readingBody:
            received += count
            return .none
        // No request asked for them. The next answer could be mistaken for another request's.
        case .idle:
            phase = .closed
            return .close
        case .answered:
            keepAlive = nil
            return .none
        case .closed: return .none
        }
    }

    /// A part of an answer was decoded.
    mutating func receive(_ part: AnswerParser.Part) -> Action {
        switch (part, phase) {
        case (.head(let head), .awaitingHead):
            // The parser drops interim answers except the one that switches to another protocol.
            guard head.status >= 200 else { break }
            keepAlive = KeepAlive(head)
            answer = HTTPAnswer(head)
            phase = .readingBody
            return .none
        case (.body(let part), .readingBody):
            guard answer.body.readableBytes + part.readableBytes <= limits.body else {
                return fail(.answerTooLarge)
            }
            if answer.body.readableBytes == 0 {
                answer.body = part
            } else {
                answer.body.writeImmutableBuffer(part)
            }
            return .none
        case (.end, .readingBody):
            phase = .answered
            if !isRequestWritten { keepAlive = nil }
            defer { answer = HTTPAnswer(status: 0) }
            return .complete(answer)
        default: break
        }
        return fail(.notHTTP)
    }

    /// Everything that arrived is decoded. Only then may the next request be written: bytes behind an answer would be taken for
    /// the next one.
    mutating func finishRead() -> Action {
        guard phase == .answered else { return .none }
        guard let keepAlive else {
            phase = .closed
            return .close
        }
        phase = .idle
        return .release(keepAlive)
    }

    /// The connection failed, or its owner gives it up.
    mutating func fail(_ fault: TransportFault) -> Action {
        defer { phase = .closed }
        switch phase {
        case .awaitingHead, .readingBody:
            answer = HTTPAnswer(status: 0)
            return .fail(fault, isUnanswered: received == 0)
        case .idle, .answered: return .close
        case .closed: return .none
        }
    }
}
