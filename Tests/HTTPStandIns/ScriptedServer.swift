import NIOCore
import NIOPosix
package import NIOSSL
import NIOTLS
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A server on a free loopback port that sends raw bytes by a script, for everything that an HTTP server can do wrong on a
/// connection. It takes requests apart only as far as to know where one ends.
package final class ScriptedServer: Sendable {
    /// A request, and the connection it came over.
    package struct Request: Sendable {
        /// The number of connections before this one.
        package var connection: Int
        /// The number of requests before this one on its connection.
        package var index: Int
        /// Head and body as received.
        package var text: String

        /// The path and the query.
        package var path: String { String(text.split(separator: " ").dropFirst().first ?? "") }
    }

    /// What happens on a connection.
    package enum Step: Sendable {
        case send(String)
        /// Closes the connection; with TLS, with TLS's own end.
        case close
        /// Closes the TCP connection alone.
        case truncate
        /// Closes with a reset.
        case reset
    }

    package typealias Script = @Sendable (Request) -> [Step]

    /// What has happened so far.
    package struct Record: Sendable {
        package var requests: [Request] = []
        /// The numbers of connections that are closed.
        package var closed: Set<Int> = []
        package var connections = 0
        /// The most connections that were open at once.
        package var mostOpen = 0
        /// The protocol that TLS negotiated for each connection.
        package var protocols: [String?] = []
        fileprivate var channels: [any Channel] = []
    }

    fileprivate final class State: Sendable {
        let record = Mutex(Record())
        let script: Script
        let readsBodies: Bool

        init(_ script: @escaping Script, _ readsBodies: Bool) {
            self.script = script
            self.readsBodies = readsBodies
        }
    }

    private let listener: any Channel
    private let state: State

    /// - Parameters:
    ///   - tls: The TLS context; nil serves plain TCP.
    ///   - readsBodies: Whether a request's body is read before the script is asked. Otherwise nothing is read after the head.
    ///   - script: Returns what to do after a request.
    package init(tls: NIOSSLContext? = nil, readsBodies: Bool = true, _ script: @escaping Script) async throws {
        let state = State(script, readsBodies)
        self.state = state
        listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.addHandler(ScriptHandler(state))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    package var port: Int { listener.localAddress?.port ?? 0 }
    package var url: String { "http://127.0.0.1:\(port)" }
    package var record: Record { state.record.withLock { $0 } }
    package var paths: [String] { record.requests.map(\.path) }

    /// Performs steps on a connection, between requests.
    package func perform(_ steps: [Step], on connection: Int) {
        let channel = state.record.withLock { $0.channels[connection] }
        channel.eventLoop.execute { ScriptHandler.perform(steps, on: channel) }
    }

    package func stop() async {
        try? await listener.close()
        for channel in state.record.withLock({ $0.channels }) { try? await channel.close() }
    }
}

private final class ScriptHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let state: ScriptedServer.State
    private var connection = 0
    private var requests = 0
    private var bytes = ByteBuffer()

    init(_ state: ScriptedServer.State) { self.state = state }

    func channelActive(context: ChannelHandlerContext) {
        connection = state.record.withLock { record in
            record.channels.append(context.channel)
            record.connections += 1
            record.mostOpen = max(record.mostOpen, record.connections - record.closed.count)
            return record.connections - 1
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        _ = state.record.withLock { $0.closed.insert(connection) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted(let name) = event {
            state.record.withLock { $0.protocols.append(name) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var part = unwrapInboundIn(data)
        bytes.writeBuffer(&part)
        while let text = nextRequest() {
            let request = ScriptedServer.Request(connection: connection, index: requests, text: text)
            requests += 1
            state.record.withLock { $0.requests.append(request) }
            if !state.readsBodies { context.channel.setOption(.autoRead, value: false).whenComplete { _ in } }
            Self.perform(state.script(request), on: context.channel)
        }
    }

    private func nextRequest() -> String? {
        let text = String(buffer: bytes)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        var length = text[..<end.upperBound].utf8.count
        if state.readsBodies {
            for line in text[..<end.lowerBound].lowercased().split(separator: "\r\n")
            where line.hasPrefix("content-length: ") {
                length += Int(line.dropFirst("content-length: ".count)) ?? 0
            }
        }
        return bytes.readString(length: length)
    }

    static func perform(_ steps: [ScriptedServer.Step], on channel: any Channel) {
        for step in steps {
            switch step {
            case .send(let text): channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
            case .close: channel.close(promise: nil)
            case .truncate:
                let tls = try? channel.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self)
                tls?.close(promise: nil)
            case .reset:
                let lingering = (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
                lingering?.whenComplete { _ in channel.close(promise: nil) }
            }
        }
    }
}
