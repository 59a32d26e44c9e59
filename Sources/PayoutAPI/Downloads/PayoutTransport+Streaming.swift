import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Tracing

// Requests whose body is read piece by piece.

extension PayoutTransport {
    /// Sends a request for a file within a span and records how long its head took.
    ///
    /// - Returns: The answer's head; the body is still to be read.
    func telemetrySend(
        _ request: HTTPClientRequest,
        timeout: Duration,
        clock: any PayoutClock
    ) async throws -> HTTPClientResponse {
        let location = WebLocation(request.url)
        let telemetry = self.blobTelemetry(host: location?.host ?? "", port: location?.explicitPort)
        return try await withSpan("GET", ofKind: .client) { span in
            if span.isRecording {
                telemetry.describe(span, route: HTTPRoute("GET", "/{container}/{blob}"), url: request.url, resends: 0)
            }
            let start = clock.uptime()
            do {
                let deadline = NIODeadline.now() + timeout.asTimeout
                let response = try await self.blobClient.execute(request, deadline: deadline)
                let status = Int(response.status.code)
                telemetry.record("GET", status: status, errorType: nil, since: start, clock: clock)
                if span.isRecording { HTTPTelemetry.conclude(span, status: status) }
                return response
            } catch {
                let errorType = error is CancellationError ? "cancelled" : TransportFault(error).failure.rawValue
                telemetry.record("GET", status: nil, errorType: errorType, since: start, clock: clock)
                if span.isRecording { span.attributes["error.type"] = errorType }
                // The span keeps what is thrown through it; the HTTP client's errors may hold the URL.
                throw error is CancellationError ? error : TransportFault(error)
            }
        }
    }
}
