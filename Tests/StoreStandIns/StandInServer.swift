public import HTTPTypes
import Hummingbird
import Logging
public import NIOCore

/// A request to a stand-in, whole.
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
            if parts[0] == name { return parts.count > 1 ? String(parts[1]).removingPercents : "" }
        }
        return nil
    }
}

/// What a stand-in answers.
public struct StandInReply: Sendable {
    /// The status code.
    public var status: Int
    /// The header fields.
    public var headers: [(String, String)] = []
    /// The body.
    public var body: [UInt8] = []
    /// Breaks the connection instead.
    public var breaks = false

    /// Creates a reply.
    public init(_ status: Int, headers: [(String, String)] = [], body: String = "") {
        self.status = status
        self.headers = headers
        self.body = Array(body.utf8)
    }
}

/// An HTTP server on a free loopback port.
public final class StandInServer: Sendable {
    private let task: Task<Void, any Error>
    /// The port it listens on.
    public let port: Int

    /// Its address.
    public var url: String { "http://127.0.0.1:\(port)" }

    /// Starts listening.
    ///
    /// - Parameters:
    ///   - port: Where; a free one unless given.
    ///   - maximumBody: The longest body that is taken, in bytes.
    ///   - reply: Answers requests.
    public init(
        port: Int = 0,
        maximumBody: Int = 64 * 1_024 * 1_024,
        _ reply: @escaping @Sendable (StandInRequest) async -> StandInReply
    ) async throws {
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        var logger = Logger(label: "stand-in")
        logger.logLevel = .critical
        let application = Application(
            responder: StandInResponder(maximumBody: maximumBody, reply: reply),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port)),
            onServerRunning: { continuation.yield($0.localAddress?.port ?? 0) },
            logger: logger
        )
        task = Task {
            defer { continuation.finish() }
            try await application.run()
        }
        var found = 0
        for await port in ports {
            found = port
            break
        }
        self.port = found
        if found == 0 { try await task.value }
    }

    /// Stops listening, and closes all connections.
    public func stop() async {
        task.cancel()
        _ = await task.result
    }
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
        return Response(
            status: .init(code: answer.status),
            headers: headers,
            body: .init(byteBuffer: ByteBuffer(bytes: answer.body))
        )
    }
}

extension String {
    /// Percent-decoded.
    var removingPercents: String {
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
