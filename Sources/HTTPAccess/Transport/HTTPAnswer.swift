package import NIOCore
package import NIOHTTP1

/// The answer to a request, body included, as ``HTTPTransport/send(_:)`` returns it.
package struct HTTPAnswer: Sendable {
    package var status: Int
    package var headers: HTTPHeaders
    package var body: ByteBuffer

    package init(status: Int, headers: HTTPHeaders = [:], body: ByteBuffer = ByteBuffer()) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Whether the status is 200 to 299.
    package var isSuccess: Bool { 200..<300 ~= status }
}
