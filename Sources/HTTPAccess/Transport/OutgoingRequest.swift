package import NIOCore
package import NIOHTTP1

/// A request of an ``HTTPTransport``, whose body is in memory.
package struct OutgoingRequest: Sendable {
    package var method: HTTPMethod
    /// The complete URL, percent-encoded. May hold a secret in its query.
    package var url: String
    package var headers: HTTPHeaders
    package var body: ByteBuffer?
    /// The longest time for the whole exchange; for a ``StreamingAnswer``, for its head.
    package var timeout: Duration
    /// The largest answer that is read, in bytes.
    package var maximumAnswerSize: Int
    /// Whether a compressed answer is decompressed.
    package var decodesAnswer: Bool
    /// Whether it is an API call, with a small request and a small answer: those have connections of their own.
    package var isCall = false
    /// Whether the server handles the request once where it receives it twice. A call is sent again where the server closes a
    /// connection that was kept alive instead of answering.
    package var isIdempotent = false

    package init(
        method: HTTPMethod,
        url: String,
        headers: HTTPHeaders = [:],
        body: ByteBuffer? = nil,
        timeout: Duration,
        maximumAnswerSize: Int = HTTPTransport.maximumAnswerSize,
        decodesAnswer: Bool = true
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.maximumAnswerSize = maximumAnswerSize
        self.decodesAnswer = decodesAnswer
    }
}
