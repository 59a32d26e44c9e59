public import HTTPTypes
import HTTPListening
import Hummingbird
import Logging
public import NIOCore
import Primitives

/// A complete request to a stand-in.
public struct StandInRequest: Sendable {
    /// The method.
    public var method: String
    /// Without the query, as it was sent.
    public var path: String
    /// As it was sent.
    public var query: String
    /// The header fields.
    public var headers: HTTPFields
    /// The whole body.
    public var body: ByteBuffer

    /// The value of a header.
    public func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }

    /// The value of a query's item, decoded.
    public func item(_ name: String) -> String? {
        for item in query.split(separator: "&") {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts[0] == name { return parts.count > 1 ? String(parts[1]).percentDecoded() : "" }
        }
        return nil
    }
}

/// A stand-in's response.
public struct StandInReply: Sendable {
    /// The status code.
    public var status: Int
    /// The header fields.
    public var headers: [(String, String)] = []
    /// The body.
    public var body: [UInt8] = []
    /// Whether the connection is closed instead.
    public var breaks = false
    /// Whether the body is an endless sequence of blanks, one at a time.
    public var trickles = false

    /// Creates a reply.
    public init(_ status: Int, headers: [(String, String)] = [], body: String = "") {
        self.status = status
        self.headers = headers
        self.body = Array(body.utf8)
    }
}

/// An HTTP server on a free loopback port.
public final class StandInServer: Sendable {
    private let listener: HTTPListener
    /// The port it listens on.
    public let port: Int

    /// Its address.
    public var url: String { "http://127.0.0.1:\(port)" }

    /// Starts listening.
    ///
    /// - Parameters:
    ///   - port: The port; a free one by default.
    ///   - maximumBody: The longest accepted body, in bytes.
    ///   - reply: Answers requests.
    public init(
        port: Int = 0,
        maximumBody: Int = 64 * 1_024 * 1_024,
        _ reply: @escaping @Sendable (StandInRequest) async -> StandInReply
    ) async throws {
        var logger = Logger(label: "stand-in")
        logger.logLevel = .critical
        listener = try await HTTPListener.start(
            StandInResponder(maximumBody: maximumBody, reply: reply),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port)),
            limits: ConnectionLimits(),
            logger: logger
        )
        self.port = listener.port
    }

    /// Stops listening, and closes all connections.
    public func stop() async { await listener.stop() }
}

private struct StandInContext: InitializableFromSource {
    let channel: any Channel

    init(source: ApplicationRequestContextSource) { channel = source.channel }
}

private struct StandInResponder: HTTPResponder {
    let maximumBody: Int
    let reply: @Sendable (StandInRequest) async -> StandInReply

    func respond(to request: Request, context: StandInContext) async throws -> Response {
        let target = (request.head.path ?? "/").split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let body = try await request.body.collect(upTo: maximumBody)
        let answer = await reply(
            StandInRequest(
                method: request.method.rawValue,
                path: String(target[0]),
                query: target.count > 1 ? String(target[1]) : "",
                headers: request.headers,
                body: body
            )
        )
        if answer.breaks {
            try? await context.channel.close()
            return Response(status: .internalServerError)
        }
        var headers = HTTPFields()
        for (name, value) in answer.headers {
            if let name = HTTPField.Name(name) { headers.append(.init(name: name, value: value)) }
        }
        if answer.trickles {
            let body = ResponseBody { writer in
                // Ends when the client closes the connection.
                while true {
                    try await writer.write(ByteBuffer(string: " "))
                    try await Task.sleep(for: .milliseconds(10))
                }
            }
            return Response(status: .init(code: answer.status), headers: headers, body: body)
        }
        return Response(
            status: .init(code: answer.status),
            headers: headers,
            body: .init(byteBuffer: ByteBuffer(bytes: answer.body))
        )
    }
}
