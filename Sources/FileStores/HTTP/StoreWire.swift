import NIOCore
import NIOHTTP1

/// A request to an object store or to an identity service, sent in one piece.
struct WireRequest: Sendable {
    var method: HTTPMethod
    /// Complete, with everything percent-encoded that has to be. May hold a secret in its query.
    var url: String
    var headers: HTTPHeaders = [:]
    var body: ByteBuffer?
    /// The longest the whole exchange may take.
    var timeout: Duration = .seconds(60)
    /// The longest answer that is taken, in bytes.
    var maximumAnswer = 4 * 1_024 * 1_024
}

/// The whole answer to a request.
struct WireAnswer: Sendable {
    var status: Int
    var headers: HTTPHeaders = [:]
    var body: [UInt8] = []

    var isSuccess: Bool { 200..<300 ~= status }
}

/// Why a request has no answer. Holds neither the URL nor anything else that could be a secret.
enum WireFault: Error, Hashable {
    /// The task was cancelled.
    case cancelled
    /// The URL cannot be used.
    case badURL
    /// Everything that may pass, in words that follow "the store".
    case failed(String)
}

/// The one call that object stores are made of, so that a test can let each request fail or vanish.
struct StoreWire: Sendable {
    var send: @Sendable (WireRequest) async throws(WireFault) -> WireAnswer
}
