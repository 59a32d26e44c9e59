import NIOCore
import NIOHTTP1

/// The handler of a connection that is next to the network: writes the heads of requests, which are encoded already, and
/// counts the bytes of answers before they are decoded, so that the ``CallConnection`` knows whether an answer began, and
/// whether bytes follow its end.
///
/// The decoder does not report how many bytes of a read belong to an answer: it keeps the beginning of a surplus one. The last
/// byte of each read is therefore decoded apart. An answer that is complete before it has bytes behind it.
final class CallWire: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = IOData

    private let connection: CallConnection

    init(_ connection: CallConnection) {
        self.connection = connection
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var last = unwrapInboundIn(data)
        if let front = last.readSlice(length: last.readableBytes - 1), front.readableBytes > 0 {
            forward(front, context)
        }
        forward(last, context)
    }

    private func forward(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        connection.receive(bytes: bytes.readableBytes)
        context.fireChannelRead(wrapInboundOut(bytes))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head:
            guard let head = connection.call?.head else { preconditionFailure("a head is written for a call") }
            context.write(wrapOutboundOut(.byteBuffer(head)), promise: promise)
        case .body(let body): context.write(wrapOutboundOut(body), promise: promise)
        case .end: preconditionFailure("no part ends a request")
        }
    }
}
