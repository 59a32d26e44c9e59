import Metrics
import NIOHTTP1
import Primitives
import Synchronization
import Tracing

/// Records durations and spans of requests to one server, by OpenTelemetry's conventions for HTTP clients. API calls, token
/// requests and downloads are sent through it.
///
/// Metric handles are kept: making one may cost a look-up in the backend. Span attributes are only set when a tracer
/// records them.
package final class HTTPTelemetry: Sendable {
    private struct Key: Hashable {
        var method: String
        var status: Int?
        var errorType: String?
    }

    private let host: String
    private let port: Int?
    private let timers = Mutex<[Key: Timer]>([:])

    package init(host: String, port: Int?) {
        self.host = host
        self.port = port
    }

    /// Sends a request within a span and records how long the whole answer took.
    nonisolated(nonsending) package func send(
        _ request: OutgoingRequest,
        over transport: HTTPTransport,
        route: HTTPRoute,
        resends: Int,
        clock: any HTTPClock
    ) async throws -> HTTPAnswer {
        guard Self.isTraced else { return try await timed(route, nil, clock) { try await transport.send(request) } }
        return try await withSpan(route.method, ofKind: .client) { span in
            var request = request
            if span.isRecording {
                describe(span, route: route, url: request.url, resends: resends)
                InstrumentationSystem.instrument.inject(
                    span.context,
                    into: &request.headers,
                    using: HeaderInjector()
                )
            }
            return try await timed(route, span, clock) { [request] in try await transport.send(request) }
        }
    }

    /// Sends a request within a span and records how long the answer's head took. The server, which may be another
    /// party's, is not sent the span's context.
    package func open(
        _ request: OutgoingRequest,
        over transport: HTTPTransport,
        route: HTTPRoute,
        clock: any HTTPClock
    ) async throws -> StreamingAnswer {
        guard Self.isTraced else { return try await timed(route, nil, clock) { try await transport.open(request) } }
        return try await withSpan(route.method, ofKind: .client) { span in
            if span.isRecording { describe(span, route: route, url: request.url, resends: 0) }
            return try await timed(route, span, clock) { try await transport.open(request) }
        }
    }

    /// Whether spans are collected. A span costs even where no tracer records it.
    private static var isTraced: Bool { !(InstrumentationSystem.instrument is NoOpInstrument) }

    nonisolated(nonsending) private func timed<Answer: AnswerStatus>(
        _ route: HTTPRoute,
        _ span: (any Span)?,
        _ clock: any HTTPClock,
        _ body: nonisolated(nonsending) () async throws -> Answer
    ) async throws -> Answer {
        let start = clock.uptime()
        do {
            let answer = try await body()
            conclude(span, route, status: answer.status, since: start, clock)
            return answer
        } catch {
            conclude(span, route, error, since: start, clock)
            throw error
        }
    }

    // MARK: - Durations

    private func record(
        _ method: String,
        status: Int?,
        errorType: String?,
        since start: Duration,
        _ clock: any HTTPClock
    ) {
        // Without a backend the handles would be made and looked up for nothing.
        guard !(MetricsSystem.factory is NOOPMetricsHandler) else { return }
        let errorType = errorType ?? status.flatMap { $0 >= 400 ? String($0) : nil }
        let key = Key(method: method, status: status, errorType: errorType)
        let timer = timers.withLock { timers in
            if let timer = timers[key] { return timer }
            let timer = Timer(
                label: "http.client.request.duration",
                dimensions: dimensions(of: key),
                preferredDisplayUnit: .seconds
            )
            timers[key] = timer
            return timer
        }
        timer.recordNanoseconds((clock.uptime() - start).inNanoseconds)
    }

    private func dimensions(of key: Key) -> [(String, String)] {
        var dimensions = [("http.request.method", key.method), ("server.address", host)]
        if let status = key.status { dimensions.append(("http.response.status_code", String(status))) }
        if let errorType = key.errorType { dimensions.append(("error.type", errorType)) }
        return dimensions
    }

    // MARK: - Spans

    private func describe(_ span: any Span, route: HTTPRoute, url: String, resends: Int) {
        span.operationName = "\(route.method) \(route.template)"
        span.attributes["http.request.method"] = route.method
        span.attributes["url.template"] = route.template
        span.attributes["url.full"] = redactedURL(url)
        span.attributes["server.address"] = host
        if let port { span.attributes["server.port"] = port }
        if resends > 0 { span.attributes["http.request.resend_count"] = resends }
    }

    private func conclude(
        _ span: (any Span)?,
        _ route: HTTPRoute,
        status: Int,
        since start: Duration,
        _ clock: any HTTPClock
    ) {
        record(route.method, status: status, errorType: nil, since: start, clock)
        guard let span, span.isRecording else { return }
        span.attributes["http.response.status_code"] = status
        guard status >= 400 else { return }
        span.attributes["error.type"] = String(status)
        span.setStatus(SpanStatus(code: .error))
    }

    private func conclude(
        _ span: (any Span)?,
        _ route: HTTPRoute,
        _ error: any Error,
        since start: Duration,
        _ clock: any HTTPClock
    ) {
        let errorType = (error as? TransportFault)?.failure.rawValue ?? "cancelled"
        record(route.method, status: nil, errorType: errorType, since: start, clock)
        guard let span, span.isRecording else { return }
        span.attributes["error.type"] = errorType
        span.setStatus(SpanStatus(code: .error))
    }
}

/// What metrics and spans report of an answer.
private protocol AnswerStatus {
    var status: Int { get }
}

extension HTTPAnswer: AnswerStatus {}
extension StreamingAnswer: AnswerStatus {}

/// Writes a span's context into headers.
private struct HeaderInjector: Injector {
    func inject(_ value: String, forKey key: String, into headers: inout HTTPHeaders) {
        headers.replaceOrAdd(name: key, value: value)
    }
}
