import AsyncHTTPClient
package import NIOCore
package import NIOHTTP1

/// An answer whose body is still to be read, as ``HTTPTransport/open(_:)`` returns it. Downloads use it.
package struct StreamingAnswer: Sendable {
    package let status: Int
    package let headers: HTTPHeaders
    /// The body's bytes as they arrive.
    package let body: StreamedBody
    /// Whether the protocol marks the end of a body without a length: in HTTP/2, and with chunked coding.
    package let marksItsEnd: Bool

    init(_ response: HTTPClientResponse) {
        status = Int(response.status.code)
        headers = response.headers
        body = StreamedBody(response.body)
        let coding = response.headers[canonicalForm: "transfer-encoding"].last?.lowercased()
        marksItsEnd = response.version.major >= 2 || coding == "chunked"
    }
}

/// The body of a ``StreamingAnswer``. It can be read once.
package struct StreamedBody: AsyncSequence, Sendable {
    package typealias Element = ByteBuffer

    private let body: HTTPClientResponse.Body

    init(_ body: HTTPClientResponse.Body) { self.body = body }

    package func makeAsyncIterator() -> Iterator { Iterator(base: body.makeAsyncIterator()) }

    /// Throws ``TransportFault``, or `CancellationError` when the task was cancelled.
    package struct Iterator: AsyncIteratorProtocol {
        fileprivate var base: HTTPClientResponse.Body.AsyncIterator

        package mutating func next() async throws -> ByteBuffer? {
            do {
                return try await base.next()
            } catch {
                throw error is CancellationError ? error : TransportFault(error)
            }
        }
    }

    /// Reads the whole body.
    ///
    /// - Parameter limit: The largest body that is read, in bytes; a larger one is an error.
    package func collect(upTo limit: Int) async throws -> ByteBuffer {
        do {
            return try await body.collect(upTo: limit)
        } catch {
            throw error is CancellationError ? error : TransportFault(error)
        }
    }
}
