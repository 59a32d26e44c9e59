import NIOCore
package import NIOHTTP1
import NIOPosix
package import NIOSSL
import Synchronization

/// A request that a ``StubServer`` received.
package struct StubRequest: Sendable {
    package var method: String
    /// Path and query, as sent.
    package var uri: String
    package var headers: HTTPHeaders
    package var body: String

    package var path: String { String(self.uri.prefix { $0 != "?" }) }
    package func header(_ name: String) -> String? { self.headers.first(name: name) }
}

/// How a ``StubServer`` answers a request.
package enum StubReply: Sendable {
    case answer(Int, headers: [(String, String)] = [], body: String = "")
    case bytes(Int, headers: [(String, String)] = [], body: [UInt8])
    /// Announces more bytes than it sends, and closes.
    case broken(Int, headers: [(String, String)], announced: Int, body: [UInt8])
    /// Announces more bytes than it sends, and then sends nothing.
    case stalled(Int, headers: [(String, String)], announced: Int, body: [UInt8])
    /// Closes without an answer.
    case close
    /// Never answers.
    case silence
    /// Bytes that are not HTTP.
    case garbage(String)
    /// Answers with the body that the closure returns, once it returns.
    case later(@Sendable () async -> String)
}

/// An HTTP server on a free loopback port that answers by a script, for faults that a correct server does not have.
package final class StubServer: Sendable {
    private let channel: any Channel
    private let record: Record

    fileprivate final class Record: Sendable {
        let requests = Mutex<[StubRequest]>([])
        let openConnections = Mutex(0)
        let script: @Sendable (StubRequest, Int) -> StubReply

        init(_ script: @escaping @Sendable (StubRequest, Int) -> StubReply) {
            self.script = script
        }

        func reply(to request: StubRequest) -> StubReply {
            let index = self.requests.withLock { requests in
                requests.append(request)
                return requests.count - 1
            }
            return self.script(request, index)
        }
    }

    /// - Parameters:
    ///   - tls: The server's TLS context; nil serves plain HTTP.
    ///   - script: Returns the reply to a request; it is given the request and the number of requests before it.
    package init(
        tls: NIOSSLContext? = nil,
        _ script: @escaping @Sendable (StubRequest, Int) -> StubReply
    ) async throws {
        let record = Record(script)
        self.record = record
        self.channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
                    try pipeline.configureHTTPServerPipeline(withErrorHandling: false)
                    try pipeline.addHandler(StubHandler(record))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    package var port: Int { channel.localAddress?.port ?? 0 }
    package var url: String { "http://127.0.0.1:\(port)" }
    package var requests: [StubRequest] { record.requests.withLock { $0 } }

    /// The connections that neither side has closed.
    package var openConnections: Int { record.openConnections.withLock { $0 } }

    package func stop() async {
        // A test may have stopped it already.
        try? await channel.close()
    }
}

private final class StubHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let record: StubServer.Record
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()

    init(_ record: StubServer.Record) {
        self.record = record
    }

    func channelActive(context: ChannelHandlerContext) {
        record.openConnections.withLock { $0 += 1 }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        record.openConnections.withLock { $0 -= 1 }
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            self.body.clear()
        case .body(var part):
            self.body.writeBuffer(&part)
        case .end:
            guard let head = self.head else { return }
            let request = StubRequest(
                method: head.method.rawValue,
                uri: head.uri,
                headers: head.headers,
                body: String(buffer: self.body)
            )
            send(record.reply(to: request), context: context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func send(_ reply: StubReply, context: ChannelHandlerContext) {
        switch reply {
        case .answer(let status, let headers, let body):
            write(status, headers, announced: body.utf8.count, Array(body.utf8), context: context)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        case .bytes(let status, let headers, let body):
            write(status, headers, announced: body.count, body, context: context)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        case .broken(let status, let headers, let announced, let body):
            write(status, headers, announced: announced, body, context: context)
            let context = NIOLoopBound(context, eventLoop: context.eventLoop)
            context.value.writeAndFlush(NIOAny(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer()))))
                .whenComplete { _ in context.value.close(promise: nil) }
        case .stalled(let status, let headers, let announced, let body):
            write(status, headers, announced: announced, body, context: context)
            context.flush()
        case .close:
            context.close(promise: nil)
        case .silence:
            break
        case .garbage(let text):
            sendRaw(text, context: context)
        case .later(let body):
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.makeFutureWithTask { await body() }.whenSuccess { body in
                let (handler, context) = bound.value
                handler.send(.answer(200, body: body), context: context)
            }
        }
    }

    private func write(
        _ status: Int,
        _ headers: [(String, String)],
        announced: Int,
        _ body: [UInt8],
        context: ChannelHandlerContext
    ) {
        var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status))
        for (name, value) in headers { head.headers.add(name: name, value: value) }
        if !head.headers.contains(name: "content-length") {
            head.headers.add(name: "content-length", value: String(announced))
        }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !body.isEmpty {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
        }
    }

    /// Writes to the socket without the HTTP encoder.
    private func sendRaw(_ text: String, context: ChannelHandlerContext) {
        let channel = context.channel
        channel.pipeline.context(handlerType: HTTPResponseEncoder.self).whenSuccess { encoder in
            encoder.writeAndFlush(NIOAny(ByteBuffer(string: text)), promise: nil)
            encoder.close(promise: nil)
        }
    }
}
