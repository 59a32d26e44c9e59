import ExportCore
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Nothing needs to be known of a request's connection.
struct ConsoleContext: InitializableFromSource {
    init(source: ApplicationRequestContextSource) {}
}

/// Answers requests. Every answer carries the same security headers.
struct ConsoleResponder: HTTPResponder {
    let configuration: ConsoleConfiguration
    let monitor: ConsoleMonitor
    let source: any ConsoleSource
    let telemetry: ConsoleTelemetry
    private let streams: Limiter
    /// Questions for jobs that the engine has not answered yet.
    private let questions = Limiter(16)

    init(
        configuration: ConsoleConfiguration,
        monitor: ConsoleMonitor,
        source: any ConsoleSource,
        telemetry: ConsoleTelemetry
    ) {
        self.configuration = configuration
        self.monitor = monitor
        self.source = source
        self.telemetry = telemetry
        streams = Limiter(configuration.maximumStreams)
    }

    func respond(to request: Request, context: ConsoleContext) async throws -> Response {
        guard request.method == .get || request.method == .head else {
            var response = Self.error(
                .methodNotAllowed,
                "The console answers GET and HEAD only.",
                remedy: "It shows; it changes nothing."
            )
            response.headers[.allow] = "GET, HEAD"
            return response
        }
        let path = (request.head.path ?? "/").prefix { $0 != "?" }
        let response = await answer(String(path), isHead: request.method == .head)
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func answer(_ path: String, isHead: Bool) async -> Response {
        switch path {
        case "/": return Self.response(.ok, "text/html; charset=utf-8", Dashboard.page, cache: "no-cache")
        case "/dashboard.css":
            return Self.response(.ok, "text/css; charset=utf-8", Dashboard.style, cache: "no-cache")
        case "/dashboard.js":
            return Self.response(.ok, "text/javascript; charset=utf-8", Dashboard.script, cache: "no-cache")
        case "/livez": return livez()
        case "/readyz":
            let snapshot = await monitor.snapshot()
            let status: HTTPResponse.Status = snapshot.verdict.isReady ? .ok : .serviceUnavailable
            return Self.json(status, ReadinessDocument(snapshot))
        case "/metrics": return await metrics()
        case "/api/status": return Self.json(.ok, await monitor.document())
        case "/api/events": return events()
        default:
            if path.hasPrefix("/api/jobs/") { return await job(String(path.dropFirst("/api/jobs/".count))) }
            return Self.error(
                .notFound,
                "There is nothing here.",
                remedy: "Try /, /livez, /readyz, /metrics, /api/status, /api/events or /api/jobs/{jobId}."
            )
        }
    }

    // MARK: Answers

    private func livez() -> Response {
        let document = LivenessDocument(monitor.heartbeats, startupTime: configuration.thresholds.start)
        return Self.json(document.status == .alive ? .ok : .serviceUnavailable, document)
    }

    private func metrics() async -> Response {
        let snapshot = await monitor.snapshot()
        telemetry.metrics.refresh(
            GaugeSources(
                status: snapshot.status,
                health: snapshot.verdict,
                heartbeats: snapshot.heartbeats,
                callsUnderWay: snapshot.calls.underWay,
                process: snapshot.process,
                survey: snapshot.survey,
                now: snapshot.wallClock,
                ends: snapshot.activity.ends,
                restoring: snapshot.activity.restoring,
                problems: snapshot.problems,
                files: snapshot.files
            )
        )
        return Self.response(.ok, PrometheusMetricsFactory.contentType, telemetry.prometheus.exposition())
    }

    private func job(_ encoded: String) async -> Response {
        guard let id = encoded.removingPercentEncoding, Self.isJobID(id) else {
            return Self.error(
                .badRequest,
                "That is no jobId.",
                remedy: "A jobId has 1 to 128 characters of A-Z a-z 0-9 . _ : and -."
            )
        }
        guard questions.enter() else { return Self.silent }
        let (source, questions) = (source, questions)
        let found = await WorkerConsole.answer(within: configuration.patience) {
            let found = await source.record(ofJob: id)
            questions.leave()
            return found.map { JobDocument($0.record, partition: $0.partition) }
        }
        guard let found else { return Self.silent }
        guard let document = found else {
            return Self.error(
                .notFound,
                "None of this worker's partitions knows the job.",
                remedy: "Ask the other workers of the group. A job that was never enqueued is not known either, nor "
                    + "one whose deduplication window is over."
            )
        }
        return Self.json(.ok, document)
    }

    private func events() -> Response {
        guard !streams.isFull else {
            return Self.error(
                .serviceUnavailable,
                "Too many dashboards are open.",
                remedy: "Close some, or poll /api/status."
            )
        }
        let (monitor, streams, interval) = (monitor, streams, configuration.interval)
        let body = ResponseBody { writer in
            guard streams.enter() else { return try await writer.finish(nil) }
            defer { streams.leave() }
            try await writer.write(ByteBuffer(string: "retry: 2000\n\n"))
            while !Task.isCancelled {
                var event = ByteBuffer(string: "event: status\ndata: ")
                event.writeBytes(await monitor.liveJSON())
                event.writeString("\n\n")
                try await writer.write(event)
                try await Task.sleep(for: interval)
            }
            try await writer.finish(nil)
        }
        var headers = Self.headers("text/event-stream; charset=utf-8", cache: "no-store")
        // A proxy that gathers the answer first would show nothing.
        headers[Self.accelBuffering] = "no"
        return Response(status: .ok, headers: headers, body: body)
    }

    static func isJobID(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"),
                    UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
