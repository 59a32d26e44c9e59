import NIOCore
import NIOPosix
import Synchronization

/// An HTTP proxy on a free loopback port that supports only CONNECT, for `ProxyTests`. It connects every client to one server
/// of this machine, whatever host the client names, so that no name is resolved.
package final class ConnectProxy: Sendable {
    /// A CONNECT request of a client.
    package struct Request: Sendable, Equatable {
        /// Host and port.
        package var target: String
        /// The value of `Proxy-Authorization`.
        package var authorization: String?
    }

    private let channel: any Channel
    private let record: Record

    fileprivate final class Record: Sendable {
        let requests = Mutex<[Request]>([])
        let status: Int
        let port: Int

        init(status: Int, port: Int) {
            self.status = status
            self.port = port
        }
    }

    /// - Parameters:
    ///   - port: The server's port on 127.0.0.1.
    ///   - status: The status of each answer; unless it is 200, the connection is closed.
    package init(forwardingTo port: Int, status: Int = 200) async throws {
        let record = Record(status: status, port: port)
        self.record = record
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ConnectHandler(record))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    /// The proxy's host and port.
    package var address: String { "127.0.0.1:\(channel.localAddress?.port ?? 0)" }

    /// The requests so far, in order.
    package var requests: [Request] { record.requests.withLock { $0 } }

    package func stop() async {
        // A test may have stopped it already.
        try? await channel.close()
    }
}

/// Reads one CONNECT request, and passes bytes through after it.
private final class ConnectHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let record: ConnectProxy.Record
    private var head = ByteBuffer()
    private var isAnswered = false
    private var server: (any Channel)?

    init(_ record: ConnectProxy.Record) { self.record = record }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if let server {
            server.writeAndFlush(bytes, promise: nil)
            return
        }
        head.writeBuffer(&bytes)
        let text = String(buffer: head)
        guard !isAnswered, text.hasSuffix("\r\n\r\n") else { return }
        isAnswered = true
        let lines = text.split(separator: "\r\n").map(String.init)
        let words = lines[0].split(separator: " ")
        guard words.count == 3, words[0] == "CONNECT" else { return answer(405, context) }
        let prefix = "proxy-authorization: "
        let authorization = lines.first { $0.lowercased().hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
        record.requests.withLock { $0.append(.init(target: String(words[1]), authorization: authorization)) }
        guard record.status == 200 else { return answer(record.status, context) }
        connect(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        server?.close(promise: nil)
    }

    private func connect(_ context: ChannelHandlerContext) {
        let client = context.channel
        ClientBootstrap(group: context.eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ForwardHandler(to: client))
                }
            }
            .connect(host: "127.0.0.1", port: record.port)
            .assumeIsolated()
            .whenComplete { result in
                switch result {
                case .success(let server):
                    self.server = server
                    self.answer(200, context)
                case .failure: self.answer(502, context)
                }
            }
    }

    private func answer(_ status: Int, _ context: ChannelHandlerContext) {
        let text = "HTTP/1.1 \(status) Answer\r\n" + (status == 200 ? "\r\n" : "content-length: 0\r\n\r\n")
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        if status != 200 { context.close(promise: nil) }
    }
}

/// Passes the server's bytes through to the client.
private final class ForwardHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let client: any Channel

    init(to client: any Channel) { self.client = client }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        client.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        client.close(promise: nil)
    }
}
