import Metrics
import NIOHTTP1
import Synchronization
import Tracing

/// A request as telemetry names it: no ids, no queries.
struct HTTPRoute: Sendable, Hashable {
    let method: String
    let template: String

    init(_ method: String, _ template: String) {
        self.method = method
        self.template = template
    }
}

/// Durations and spans of requests to one server, by OpenTelemetry's conventions for HTTP clients.
///
/// Metric handles are kept: making one may cost a look-up in the backend. Span attributes are only gathered when
/// someone records them.
final class HTTPTelemetry: Sendable {
    private struct Key: Hashable {
        var method: String
        var status: Int?
        var errorType: String?
    }

    private let host: String
    private let port: Int?
    private let timers = Mutex<[Key: Timer]>([:])

    init(host: String, port: Int?) {
        self.host = host
        self.port = port
    }

    /// Sends a request within a span and records how long it took.
    func send(
        _ request: OutgoingRequest,
        over transport: PayoutTransport,
        route: HTTPRoute,
        resends: Int,
        clock: any PayoutClock
    ) async throws -> HTTPAnswer {
        try await withSpan(route.method, ofKind: .client) { span in
            var request = request
            if span.isRecording {
                self.describe(span, route: route, url: request.url, resends: resends)
                InstrumentationSystem.instrument.inject(
                    span.context,
                    into: &request.headers,
                    using: HeaderInjector()
                )
            }
            let start = clock.uptime()
            do {
                let answer = try await transport.send(request)
                self.record(route.method, status: answer.status, errorType: nil, since: start, clock: clock)
                if span.isRecording { Self.conclude(span, status: answer.status) }
                return answer
            } catch {
                let errorType = (error as? TransportFault)?.failure.rawValue ?? "cancelled"
                self.record(route.method, status: nil, errorType: errorType, since: start, clock: clock)
                if span.isRecording {
                    span.attributes["error.type"] = errorType
                    span.setStatus(SpanStatus(code: .error))
                }
                throw error
            }
        }
    }

    /// Records one request's duration.
    func record(
        _ method: String,
        status: Int?,
        errorType: String?,
        since start: Duration,
        clock: any PayoutClock
    ) {
        let errorType = errorType ?? status.flatMap { $0 >= 400 ? String($0) : nil }
        let key = Key(method: method, status: status, errorType: errorType)
        let timer = self.timers.withLock { timers in
            if let timer = timers[key] { return timer }
            let timer = Timer(
                label: "http.client.request.duration",
                dimensions: self.dimensions(of: key),
                preferredDisplayUnit: .seconds
            )
            timers[key] = timer
            return timer
        }
        timer.recordNanoseconds((clock.uptime() - start).inNanoseconds)
    }

    private func dimensions(of key: Key) -> [(String, String)] {
        var dimensions = [("http.request.method", key.method), ("server.address", self.host)]
        if let status = key.status { dimensions.append(("http.response.status_code", String(status))) }
        if let errorType = key.errorType { dimensions.append(("error.type", errorType)) }
        return dimensions
    }

    // MARK: - Spans

    func describe(_ span: any Span, route: HTTPRoute, url: String, resends: Int) {
        span.operationName = "\(route.method) \(route.template)"
        span.attributes["http.request.method"] = route.method
        span.attributes["url.template"] = route.template
        span.attributes["url.full"] = SASURL(url).description
        span.attributes["server.address"] = self.host
        if let port { span.attributes["server.port"] = port }
        if resends > 0 { span.attributes["http.request.resend_count"] = resends }
    }

    static func conclude(_ span: any Span, status: Int) {
        span.attributes["http.response.status_code"] = status
        guard status >= 400 else { return }
        span.attributes["error.type"] = String(status)
        span.setStatus(SpanStatus(code: .error))
    }
}

/// Writes a span's context into headers.
private struct HeaderInjector: Injector {
    func inject(_ value: String, forKey key: String, into headers: inout HTTPHeaders) {
        headers.replaceOrAdd(name: key, value: value)
    }
}
