import NIOCore
import NIOHTTP1

/// Removes the content coding of answers without a body, before the decompressor, which takes an empty body for a truncated one.
/// Servers send such answers where they compress whatever they send: no content at all, a 204, an answer to HEAD.
final class EmptyBodies: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = HTTPClientResponsePart

    /// The head of an answer with a coding, until it is known whether a body follows.
    private var head: HTTPResponseHead?

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head) where head.headers.contains(name: "content-encoding"):
            self.head = head
            return
        case .head: break
        case .body: forward(context)
        case .end:
            head?.headers.remove(name: "content-encoding")
            forward(context)
        }
        context.fireChannelRead(data)
    }

    private func forward(_ context: ChannelHandlerContext) {
        guard let head else { return }
        self.head = nil
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }
}
