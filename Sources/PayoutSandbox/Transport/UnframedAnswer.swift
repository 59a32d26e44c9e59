import NIOCore

/// A file whose response has no length: the connection's end is the end of the file, or of a part of it.
///
/// The HTTP encoder would announce a length or chunks, so the response bypasses it and goes to the socket.
struct UnframedAnswer {
    let transfer: BlobTransfer
    /// How much of the file is sent before the connection closes, from 0 to 1.
    let share: Double

    private static let head =
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nConnection: close\r\n\r\n"

    /// Sends the answer and closes the connection.
    ///
    /// - Returns: How many bytes of the file were sent.
    func send(over channel: any Channel) async -> Int {
        let start = transfer.range.lowerBound
        let end = start + Int(Double(transfer.range.count) * min(max(share, 0), 1))
        var offset = start
        do {
            let writer = try await channel.eventLoop.submit {
                let writer = RawWriter(channel.eventLoop)
                try channel.pipeline.syncOperations.addHandler(writer, position: .first)
                return NIOLoopBound(writer, eventLoop: channel.eventLoop)
            }.get()
            func write(_ bytes: ByteBuffer) async throws {
                try await channel.eventLoop.flatSubmit { writer.value.write(bytes) }.get()
            }
            try await write(ByteBuffer(string: Self.head))
            while offset < end {
                let chunk = transfer.content.chunk(at: offset).prefix(end - offset)
                try await write(ByteBuffer(bytes: chunk))
                offset += chunk.count
            }
        } catch {
            // The client has gone.
        }
        try? await channel.close()
        return offset - start
    }
}

/// The handler next to the socket.
private final class RawWriter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let eventLoop: any EventLoop
    private var context: ChannelHandlerContext?

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func write(_ bytes: ByteBuffer) -> EventLoopFuture<Void> {
        // A channel that closes removes its handlers.
        context?.writeAndFlush(NIOAny(bytes))
            ?? eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)
    }
}
