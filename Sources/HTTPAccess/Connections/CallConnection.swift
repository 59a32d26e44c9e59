import NIOCore
import NIOHTTP1
import NIOTLS

/// What a ``CallConnection`` reports to: ``HostConnections``, or a test. Every method is called on the connection's event loop.
protocol CallConnectionOwner: AnyObject {
    /// A channel exists, which is not connected yet.
    func added(_ connection: CallConnection)
    /// The channel is closed.
    func removed(_ connection: CallConnection)
    /// The connection can carry the next request.
    func released(_ connection: CallConnection, _ keepAlive: KeepAlive)
    /// A connection that joined closes.
    ///
    /// - Parameter call: The call that it carried, to be sent again over a fresh connection.
    func lost(_ connection: CallConnection, resending call: PendingCall?)
}

/// The channel handler of one connection: writes requests, reads what arrives with an ``AnswerParser``, and feeds an
/// ``ExchangeState`` with it.
final class CallConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    /// The parts of answers that ``AnswerDecoding`` decodes.
    typealias InboundOut = HTTPClientResponsePart
    typealias OutboundOut = IOData

    /// The call in progress.
    private(set) var call: PendingCall?
    private let owner: any CallConnectionOwner
    private let isEncrypted: Bool
    /// When the TLS handshake must be complete.
    private let handshakeLimit: NIODeadline
    private var exchange = ExchangeState()
    private var parser = AnswerParser()
    private var context: ChannelHandlerContext?
    /// Completed when the connection can carry requests, or cannot.
    private var opened: EventLoopPromise<Void>?
    private var handshakeTimeout: Scheduled<Void>?
    /// Whether the owner's pool counts this connection.
    private var isPooled = false
    /// Whether it carried a request before the present one: the server may have closed it since.
    private var isReused = false
    /// Whether the channel has the handlers of ``AnswerDecoding``.
    private var hasDecoder = false
    private var decoding = Decoding.none

    /// Whether the answer in progress is decoded.
    private enum Decoding {
        case none
        /// The answer has a content coding. Its decoder is used when its body begins: it takes an empty body, which servers
        /// send that compress whatever they send, for a truncated one.
        case awaitingBody(AnswerHead)
        case decoding
    }

    init(owner: any CallConnectionOwner, isEncrypted: Bool, handshakeLimit: NIODeadline) {
        self.owner = owner
        self.isEncrypted = isEncrypted
        self.handshakeLimit = handshakeLimit
    }

    /// The connection of a channel; nil once it is closed.
    static func of(_ channel: any Channel) -> CallConnection? {
        try? channel.pipeline.syncOperations.handler(type: CallConnection.self)
    }

    // MARK: - Calls

    /// Succeeds when the connection can carry requests: it is connected, and the TLS handshake is complete.
    ///
    /// Nil before the connection has a channel.
    var ready: EventLoopFuture<Void>? { opened?.futureResult }

    /// The channel, until it is closed.
    var channel: (any Channel)? { context?.channel }

    /// The pool counts this connection from now on, unless it is closed already.
    func join() -> Bool {
        isPooled = !exchange.isClosed
        return isPooled
    }

    /// Writes a call's request.
    func start(_ call: PendingCall) {
        self.call = call
        let body = call.body.flatMap { $0.readableBytes > 0 ? $0 : nil }
        exchange.begin(call.limits, hasBody: body != nil)
        parser.begin(isToHead: call.method == .HEAD)
        guard let context else { return fail(.connectionClosed) }
        // The head says how long the request is.
        guard let body else { return context.writeAndFlush(wrapOutboundOut(.byteBuffer(call.head)), promise: nil) }
        context.write(wrapOutboundOut(.byteBuffer(call.head)), promise: nil)
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenSuccess { self.exchange.finishRequest() }
        context.writeAndFlush(wrapOutboundOut(.byteBuffer(body)), promise: promise)
    }

    /// Closes the connection; the call in progress fails.
    func close(_ fault: TransportFault) {
        fail(fault)
        context?.close(promise: nil)
    }

    /// Closes a connection that the pool no longer counts.
    func retire() {
        isPooled = false
        close(.connectionClosed)
    }

    private func perform(_ action: ExchangeState.Action) {
        switch action {
        case .none: break
        case .complete(let answer):
            call?.finish(answer)
            call = nil
        case .fail(let fault, let isUnanswered):
            // The server closed an unused connection just as it was used: it has not handled the request, or may do so twice.
            let mayResend = isUnanswered && isReused && fault.failure == .closed && call?.isIdempotent == true
            let again = mayResend && call?.isFinished == false ? call : nil
            if again == nil { call?.fail(fault) }
            call = nil
            leave(resending: again)
        case .release(let keepAlive):
            isReused = true
            owner.released(self, keepAlive)
        case .close: leave(resending: nil)
        }
    }

    private func leave(resending call: PendingCall?) {
        context?.close(promise: nil)
        guard isPooled else { return }
        isPooled = false
        owner.lost(self, resending: call)
    }

    // MARK: - Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        opened = context.eventLoop.makePromise()
        owner.added(self)
        if context.channel.isActive { connected() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        fail(.connectionClosed)
        self.context = nil
        owner.removed(self)
    }

    func channelActive(context: ChannelHandlerContext) { connected() }

    func channelInactive(context: ChannelHandlerContext) {
        if parser.finish() {
            parsed(.end, context)
            perform(exchange.finishRead())
        }
        fail(.connectionClosed)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        perform(exchange.receive(bytes: bytes.readableBytes))
        parser.append(bytes)
        do throws(TransportFault) {
            while exchange.isReading, let part = try parser.next() { parsed(part, context) }
        } catch {
            return close(error)
        }
        // Bytes behind an answer would be taken for the next one.
        if parser.surplus > 0, !exchange.isReading { perform(exchange.receive(bytes: parser.surplus)) }
    }

    /// A part of an answer is parsed, and not decoded yet.
    private func parsed(_ part: AnswerParser.Part, _ context: ChannelHandlerContext) {
        if case .head(let head) = part {
            decoding = head.hasCoding ? .awaitingBody(head) : .none
        } else if case .awaitingBody(let head) = decoding, case .body = part {
            beginDecoding(head, context)
        }
        switch (decoding, part) {
        case (.decoding, .body(let body)): context.fireChannelRead(wrapInboundOut(.body(body)))
        case (.decoding, .end): context.fireChannelRead(wrapInboundOut(.end(nil)))
        default: receive(part)
        }
    }

    /// A part of an answer is decoded.
    func receive(_ part: AnswerParser.Part) { perform(exchange.receive(part)) }

    private func beginDecoding(_ head: AnswerHead, _ context: ChannelHandlerContext) {
        decoding = .decoding
        do {
            if !hasDecoder { try AnswerDecoding.install(behind: self, in: context.pipeline.syncOperations) }
            hasDecoder = true
        } catch {
            return close(TransportFault(error))
        }
        let status = HTTPResponseStatus(statusCode: head.status)
        let coded = HTTPResponseHead(version: .http1_1, status: status, headers: head.fields.headers)
        context.fireChannelRead(wrapInboundOut(.head(coded)))
    }

    func channelReadComplete(context: ChannelHandlerContext) { perform(exchange.finishRead()) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { close(TransportFault(error)) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted = event { finishOpening(.success(())) }
    }

    private func fail(_ fault: TransportFault) {
        finishOpening(.failure(fault))
        perform(exchange.fail(fault))
    }

    // MARK: - Opening

    private func connected() {
        guard isEncrypted else { return finishOpening(.success(())) }
        guard let context, handshakeTimeout == nil else { return }
        handshakeTimeout = context.eventLoop.assumeIsolated().scheduleTask(deadline: handshakeLimit) {
            self.close(.handshakeTimeout)
        }
    }

    /// Only the first result counts.
    private func finishOpening(_ result: Result<Void, any Error>) {
        handshakeTimeout?.cancel()
        opened?.completeWith(result)
    }
}
