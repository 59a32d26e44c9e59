import AsyncHTTPClient
import NIOCore

extension HTTPTransport {
    /// Sends a request and waits for the answer's head within the request's time-out. The body is read at the caller's
    /// pace: while the caller does not ask for bytes, none are read from the network.
    ///
    /// - Throws: ``TransportFault``, or `CancellationError` when the task was cancelled.
    package func open(_ outgoing: OutgoingRequest) async throws -> StreamingAnswer {
        var request = HTTPClientRequest(url: outgoing.url)
        request.method = outgoing.method
        request.headers = outgoing.headers
        if let body = outgoing.body { request.body = .bytes(body) }
        do {
            let response = try await client(for: outgoing.url, decodes: outgoing.decodesAnswer)
                .execute(request, deadline: .now() + outgoing.timeout.asTimeout)
            return StreamingAnswer(response)
        } catch {
            throw error is CancellationError ? error : TransportFault(error, sending: outgoing)
        }
    }
}
