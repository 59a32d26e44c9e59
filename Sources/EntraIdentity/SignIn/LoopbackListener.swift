import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An HTTP server on loopback that waits for the browser's redirect with the answer of the identity platform (RFC 8252).
/// `InteractiveSignIn` starts one for each sign-in with a browser.
///
/// No part of the request is logged or shown. Other requests (another path, method, host or sign-in) are refused and do not
/// end the wait.
final class LoopbackListener: Sendable {
    private let servers: [any Channel]
    private let receiver: RedirectReceiver

    /// The URL that the browser is redirected to. The identity platform accepts any port of `http://localhost`.
    let redirectURI: String

    private static let maximumAttempts = 5

    private init(servers: [any Channel], receiver: RedirectReceiver, port: Int) {
        self.servers = servers
        self.receiver = receiver
        redirectURI = "http://localhost:\(port)"
    }

    /// Listens on a free port of 127.0.0.1, and of ::1 where the machine has it: a browser may resolve `localhost` to either.
    ///
    /// - Parameter state: The `state` of the sign-in, which its answer repeats.
    static func start(state: String) async throws -> LoopbackListener {
        // One thread for the servers and their connections.
        let loop = NIOSingletons.posixEventLoopGroup.next()
        let receiver = RedirectReceiver(loop, state: state)
        do {
            let servers = try await bindBoth(receiver, loop)
            let port = servers.first?.localAddress?.port ?? 0
            return LoopbackListener(servers: servers, receiver: receiver, port: port)
        } catch {
            receiver.end()
            throw error
        }
    }

    private static func bindBoth(_ receiver: RedirectReceiver, _ loop: any EventLoop) async throws -> [any Channel] {
        var server = try await bind("127.0.0.1", 0, receiver, loop)
        for _ in 1..<maximumAttempts {
            do {
                return [server, try await bind("::1", server.localAddress?.port ?? 0, receiver, loop)]
            } catch let error as IOError where error.errnoCode == EADDRINUSE {
                // Another program listens on this port of ::1 and would receive the answer, so another port is used.
                try? await server.close()
                server = try await bind("127.0.0.1", 0, receiver, loop)
            } catch {
                break
            }
        }
        return [server]
    }

    private static func bind(
        _ host: String,
        _ port: Int,
        _ receiver: RedirectReceiver,
        _ loop: any EventLoop
    ) async throws -> any Channel {
        try await ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: 16)
            .childChannelInitializer { channel in
                guard receiver.admit(channel) else { return channel.close() }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                    try channel.pipeline.syncOperations.addHandler(RedirectHandler(receiver))
                }
            }
            .bind(host: host, port: port).get()
    }

    /// Waits for the browser's answer. After it no connection is accepted; the browser waits for ``finish(_:)``.
    ///
    /// - Throws: `CancellationError` when the task was cancelled.
    func receive() async throws -> RedirectQuery {
        let query = try await withTaskCancellationHandler {
            try await receiver.query.get()
        } onCancel: {
            receiver.end()
        }
        await closeServers()
        return query
    }

    /// Answers the waiting browser with a page, and closes the servers and connections.
    func finish(_ page: SignInPage) async {
        await receiver.show(page)
        await closeServers()
        receiver.end()
    }

    private func closeServers() async {
        for server in servers { try? await server.close() }
    }
}

/// Accepts the first answer for a ``LoopbackListener``, and keeps the browser waiting until the page is known.
private final class RedirectReceiver: Sendable {
    private struct State {
        var connections: [ObjectIdentifier: any Channel] = [:]
        var isAnswered = false
        var hasEnded = false
        /// The connection that received the answer.
        var waiting: (channel: any Channel, page: EventLoopPromise<SignInPage>)?
    }

    private let promise: EventLoopPromise<RedirectQuery>
    private let expected: String
    private let state = Mutex(State())
    private static let maximumConnections = 16

    init(_ loop: any EventLoop, state: String) {
        promise = loop.makePromise()
        expected = state
    }

    var query: EventLoopFuture<RedirectQuery> { promise.futureResult }

    /// Registers a connection; false when there are too many.
    func admit(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let isAdmitted = state.withLock { state in
            guard !state.hasEnded, state.connections.count < Self.maximumConnections else { return false }
            state.connections[id] = channel
            return true
        }
        guard isAdmitted else { return false }
        channel.closeFuture.whenComplete { _ in
            self.state.withLock { $0.connections[id] = nil }
        }
        return true
    }

    /// Whether a query belongs to this sign-in.
    func expects(_ query: RedirectQuery) -> Bool {
        query["state"].map { isEqualInConstantTime($0, expected) } ?? false
    }

    /// Accepts an answer, and returns the page to show; nil where an answer was accepted before.
    func accept(_ query: RedirectQuery, from channel: any Channel) -> EventLoopFuture<SignInPage>? {
        let page = channel.eventLoop.makePromise(of: SignInPage.self)
        let isFirst = state.withLock { state in
            guard !state.isAnswered, !state.hasEnded else { return false }
            state.isAnswered = true
            state.waiting = (channel, page)
            return true
        }
        guard isFirst else {
            page.succeed(.used)
            return nil
        }
        promise.succeed(query)
        return page.futureResult
    }

    func show(_ page: SignInPage) async {
        let waiting = state.withLock { state in
            defer { state.waiting = nil }
            return state.waiting
        }
        guard let waiting else { return }
        waiting.page.succeed(page)
        // Closed once the page is written.
        try? await waiting.channel.closeFuture.get()
    }

    func end() {
        let (isFirst, wasAnswered, rest) = state.withLock { state in
            defer { (state.hasEnded, state.waiting) = (true, nil) }
            return (!state.hasEnded, state.isAnswered, (state.connections.values.map(\.self), state.waiting))
        }
        guard isFirst else { return }
        if !wasAnswered { promise.fail(CancellationError()) }
        rest.1?.page.succeed(.failed)
        for channel in rest.0 { channel.close(promise: nil) }
    }
}

/// Reads one request of a connection to a ``LoopbackListener`` and answers it.
private final class RedirectHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// Codes are some hundreds of characters long.
    private static let maximumTarget = 16 * 1024

    private let receiver: RedirectReceiver
    private var isDone = false

    init(_ receiver: RedirectReceiver) { self.receiver = receiver }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = unwrapInboundIn(data), !isDone else { return }
        isDone = true
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard head.method == .GET, parts.first == "/", parts.count == 2, head.uri.utf8.count <= Self.maximumTarget,
            isForThisMachine(head, context)
        else {
            return write(.nothingHere, context)
        }
        let query = RedirectQuery(parts[1])
        guard receiver.expects(query) else { return write(.nothingHere, context) }
        guard let page = receiver.accept(query, from: context.channel) else { return write(.used, context) }
        page.assumeIsolated().whenSuccess { self.write($0, context) }
    }

    /// Checks the `Host` header: another site whose name resolves to this machine has another one (DNS rebinding).
    private func isForThisMachine(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) -> Bool {
        let hosts = head.headers["host"]
        guard hosts.count == 1, let host = hosts.first?.lowercased(), let port = context.channel.localAddress?.port
        else { return false }
        return ["localhost", "127.0.0.1", "[::1]"].contains { host == "\($0):\(port)" }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func write(_ page: SignInPage, _ context: ChannelHandlerContext) {
        let body = context.channel.allocator.buffer(string: page.html)
        var head = HTTPResponseHead(version: .http1_1, status: page.status)
        head.headers = page.headers
        head.headers.add(name: "content-length", value: String(body.readableBytes))
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }
}
