import HTTPAccess
import NIOCore
import NIOHTTP1
import Primitives

/// The function through which `StoreCaller` sends each request. Tests replace it to make requests fail or get lost.
struct StoreWire: Sendable {
    /// Sends a request. Throws ``TransportFault``, or `CancellationError` when the task was cancelled.
    var send: @Sendable (OutgoingRequest) async throws -> HTTPAnswer
}

extension StoreWire {
    /// Sends requests over a transport's connections.
    init(_ transport: HTTPTransport) {
        self.init { try await transport.send($0) }
    }
}

extension HTTPTransport {
    /// The connections of one store.
    ///
    /// - Parameter network: How servers are reached.
    static func forStore(_ network: NetworkSettings = NetworkSettings()) -> HTTPTransport {
        var configuration = HTTPTransport.Configuration()
        configuration.maximumConnectionsPerHost = 64
        configuration.idleConnectionTimeout = .seconds(30)
        // A part may take minutes: a server that is silent for so long is gone.
        configuration.silenceTimeout = .seconds(60)
        configuration.allowsHTTP2 = false
        configuration.network = network
        return HTTPTransport(configuration: configuration)
    }

    /// Closes the connections of a store. An error is ignored: it only means that they were closed before.
    func close() async { try? await shutdown() }
}

extension OutgoingRequest {
    /// The largest response that is read from an identity service, in bytes: tokens and credentials have a few thousand.
    static let identityAnswer = 64 * 1_024

    /// A request to an object store or to an identity service, whose response is not decompressed.
    ///
    /// - Parameters:
    ///   - timeout: The longest time for the whole exchange.
    ///   - maximumAnswer: The largest response that is read, in bytes.
    init(
        raw method: HTTPMethod,
        url: String,
        headers: HTTPHeaders = [:],
        body: ByteBuffer? = nil,
        timeout: Duration = .seconds(60),
        maximumAnswer: Int = 4 * 1_024 * 1_024
    ) {
        self.init(
            method: method,
            url: url,
            headers: headers,
            body: body,
            timeout: timeout,
            maximumAnswerSize: maximumAnswer,
            decodesAnswer: false
        )
    }

    private static let secretFields: Set<String> = ["sig", "client_secret", "webidentitytoken"]
    private static let secretHeaders = ["authorization", "x-amz-security-token", "x-aws-ec2-metadata-token"]

    /// The secrets in the request, encoded and decoded: an error response may echo either.
    var secrets: [String] {
        var found: [String] = []
        var fields = url.split(separator: "?", maxSplits: 1).dropFirst().map(String.init)
        if headers.first(name: "content-type")?.hasPrefix("application/x-www-form-urlencoded") == true, let body {
            fields.append(String(buffer: body))
        }
        for field in fields.joined(separator: "&").split(separator: "&") {
            let parts = field.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, Self.secretFields.contains(parts[0].lowercased()) else { continue }
            found.append(String(parts[1]))
            if let decoded = PercentEncoding.decoded(parts[1]) { found.append(decoded) }
        }
        for name in Self.secretHeaders {
            for value in headers[name] {
                let word =
                    value.hasPrefix("AWS4-")
                    ? value.split(separator: "Signature=").last : value.split(separator: " ").last
                if let word { found.append(String(word)) }
            }
        }
        // Shorter words are no secrets; redacting them would make the error unreadable.
        return found.filter { $0.utf8.count >= 8 }
    }
}

extension HTTPAnswer {
    /// The body as text.
    var text: String { String(buffer: body) }
}
