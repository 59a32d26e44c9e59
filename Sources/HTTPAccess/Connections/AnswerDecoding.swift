import NIOCore
import NIOHTTP1
import NIOHTTPCompression

/// Decodes the bodies of answers that have a content coding: the handlers behind a ``CallConnection``, which passes such bodies
/// to them. Other servers' answers need not pass them.
final class AnswerDecoding: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let connection: CallConnection

    private init(_ connection: CallConnection) {
        self.connection = connection
    }

    /// Adds the handlers.
    static func install(behind connection: CallConnection, in pipeline: ChannelPipeline.SynchronousOperations) throws {
        let decompressor = NIOHTTPResponseDecompressor(limit: .size(HTTPTransport.maximumAnswerSize))
        try pipeline.addHandlers([decompressor, AnswerDecoding(connection)], position: .after(connection))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head: break
        case .body(let body): connection.receive(.body(body))
        case .end: connection.receive(.end)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { connection.close(TransportFault(error)) }
}
