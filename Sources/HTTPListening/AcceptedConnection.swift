import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import Synchronization

/// A connection that was accepted, from then until a task serves it.
///
/// SwiftNIO ends the process when the writer of a connection is released unfinished. Connections that wait to be
/// served are released so when their server stops or fails; this object finishes and closes them instead.
final class AcceptedConnection: ServerChildChannelValue {
    let parts: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
    private let isServed = Atomic(false)

    init(_ parts: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>) { self.parts = parts }

    var channel: any Channel { parts.channel }

    func markServed() { isServed.store(true, ordering: .relaxed) }

    deinit {
        guard !isServed.load(ordering: .relaxed) else { return }
        let parts = parts
        parts.channel.close(promise: nil)
        // The only way to finish a writer. The channel is closed, so that this ends at once.
        Task { try? await parts.executeThenClose { _, _ in } }
    }
}

/// Sets up and serves the connections of one listener.
struct HTTPConnections: HTTPChannelHandler {
    let responder: Responder
    let limits: ConnectionLimits
    let table: ConnectionTable

    struct Refused: Error {}

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<AcceptedConnection> {
        let activity = ConnectionActivity()
        guard table.admit(channel, activity) else {
            channel.close(promise: nil)
            return channel.eventLoop.makeFailedFuture(Refused())
        }
        channel.closeFuture.whenComplete { [table] _ in table.remove(channel) }
        return channel.eventLoop.makeCompletedFuture {
            var decoder = NIOHTTPDecoderLimitConfiguration()
            decoder.maxHeaderFieldSize = limits.headerFieldBytes
            decoder.maxHeaderListSize = limits.headerBytes
            decoder.maxHeaderFieldCount = limits.headerFields
            let pipeline = channel.pipeline.syncOperations
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false,
                withErrorHandling: false,
                withOutboundHeaderValidation: false,
                withEncoderConfiguration: .init(),
                withDecoderLimitConfiguration: decoder
            )
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            try pipeline.addHandler(ConnectionGuard(limits, activity))
            try pipeline.addHandler(HTTPConnectionStateHandler(logger: logger))
            return AcceptedConnection(
                try NIOAsyncChannel(
                    wrappingChannelSynchronously: channel,
                    configuration: .init(isOutboundHalfClosureEnabled: true)
                )
            )
        }
    }

    func handle(value: AcceptedConnection, logger: Logger) async {
        value.markServed()
        await handleHTTP(asyncChannel: value.parts, logger: logger)
    }
}
