import NIOCore
import NIOHTTP1

extension HTTPTransport {
    /// Sends a `GET` request and waits for the whole answer. Redirects are not followed.
    ///
    /// - Parameters:
    ///   - url: the complete URL, percent-encoded.
    ///   - timeout: the longest time for the whole exchange.
    ///   - limit: the largest answer that is read, in bytes.
    /// - Throws: ``TransportFault``, or `CancellationError` when the task was cancelled.
    package func document(
        at url: String,
        timeout: Duration,
        limit: Int
    ) async throws -> (status: Int, body: [UInt8]) {
        let answer = try await send(
            OutgoingRequest(
                method: .GET,
                url: url,
                headers: ["accept": "application/json"],
                timeout: timeout,
                maximumAnswerSize: limit
            )
        )
        return (answer.status, Array(answer.body.readableBytesView))
    }
}
