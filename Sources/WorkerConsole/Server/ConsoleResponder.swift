import ExportCore
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Primitives
import ServiceLifecycle
import WorkerRuntime
import WorkerTelemetry

/// The connection of a request.
struct ConsoleContext: InitializableFromSource {
    /// This machine's address of the connection.
    let address: String?
    /// The client's address.
    let client: String?

    init(source: ApplicationRequestContextSource) {
        address = source.channel.localAddress?.ipAddress
        client = source.channel.remoteAddress?.ipAddress
    }
}

/// Answers requests. Every response has the same security headers.
struct ConsoleResponder: HTTPResponder {
    let configuration: ConsoleConfiguration
    let monitor: ConsoleMonitor
    let fleet: Fleet
    let telemetry: Telemetry
    let actions: (any ConsoleActions)?
    let access: AdminAccess
    let logger: Logger
    private let hosts: HostRule
    private let streams: Limiter
    /// Requests for single jobs in progress: of clients, and of other workers, which clients must not keep from an answer.
    let jobRequests = (clients: Limiter(32), workers: Limiter(32))
    /// Actions in progress. Questions, which need no token, must not keep an operator from acting.
    let actionRequests = Limiter(8)
    /// Lists of jobs in progress, counted in the same way.
    let lists = (clients: Limiter(16), workers: Limiter(16))

    init(
        configuration: ConsoleConfiguration,
        monitor: ConsoleMonitor,
        fleet: Fleet,
        telemetry: Telemetry,
        actions: (any ConsoleActions)?,
        logger: Logger
    ) {
        self.configuration = configuration
        self.monitor = monitor
        self.fleet = fleet
        self.telemetry = telemetry
        self.actions = actions
        self.logger = logger
        access = AdminAccess(token: configuration.adminToken)
        hosts = HostRule(host: configuration.host, allowed: configuration.allowedHosts)
        streams = Limiter(configuration.maximumStreams)
    }

    func respond(to request: Request, context: ConsoleContext) async throws -> Response {
        let whole = request.head.path ?? "/"
        let path = String(whole.prefix { $0 != "?" })
        guard hosts.admits(host: request.head.authority, path: path, address: context.address) else {
            return misdirected
        }
        if path == "/api/session", [.get, .post, .delete].contains(request.method) {
            return await session(request, context)
        }
        if request.method == .post, let action = ActionRequest(path) { return await act(action, request, context) }
        guard request.method == .get || request.method == .head else {
            var response = Self.error(
                .methodNotAllowed,
                "This path answers GET and HEAD only.",
                remedy: "It is read-only."
            )
            response.headers[.allow] = "GET, HEAD"
            return response
        }
        let response = await answer(path, query: whole.dropFirst(path.count + 1))
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func answer(_ path: String, query: Substring) async -> Response {
        switch path {
        case "/": return Self.response(.ok, "text/html; charset=utf-8", Dashboard.page, cache: "no-cache")
        case "/dashboard.css":
            return Self.response(.ok, "text/css; charset=utf-8", Dashboard.style, cache: "no-cache")
        case "/dashboard.js":
            return Self.response(.ok, "text/javascript; charset=utf-8", Dashboard.script, cache: "no-cache")
        case "/livez": return livez()
        case "/readyz":
            let snapshot = await monitor.snapshot()
            let status: HTTPResponse.Status = snapshot.health.isReady ? .ok : .serviceUnavailable
            return Self.json(status, ReadinessDocument(snapshot))
        case "/metrics": return await metrics()
        case "/api/status": return Self.json(.ok, await monitor.document())
        case "/api/events": return events()
        case "/api/fleet": return await fleet(query: query)
        case "/api/jobs": return await jobs(query)
        default:
            if path.hasPrefix("/api/jobs/") { return await job(path.dropFirst("/api/jobs/".count), query: query) }
            return Self.error(
                .notFound,
                "The path is unknown.",
                remedy:
                    "Try /, /livez, /readyz, /metrics, /api/fleet, /api/status, /api/events, /api/jobs or /api/jobs/{jobId}."
            )
        }
    }

    // MARK: Answers

    private func livez() -> Response {
        let document = LivenessDocument(
            monitor.heartbeats,
            startupTime: configuration.thresholds.start,
            telemetry.texts
        )
        return Self.json(document.status == .alive ? .ok : .serviceUnavailable, document)
    }

    private func metrics() async -> Response {
        let snapshot = await monitor.snapshot()
        var sources = GaugeSources(now: snapshot.wallClock)
        sources.status = snapshot.status
        sources.isReady = snapshot.health.isReady
        sources.healthCodes = Set(snapshot.health.reasons.map(\.code))
        for heartbeat in snapshot.heartbeats { sources.heartbeatAges[heartbeat.name] = heartbeat.age }
        sources.callsInFlight = snapshot.calls.inFlight
        sources.process = snapshot.process
        sources.jobSnapshot = snapshot.jobSnapshot
        sources.ends = snapshot.activity.ends
        sources.restoring = snapshot.activity.restoring
        sources.problems = snapshot.problems
        sources.files = snapshot.files
        sources.droppedLogLines = configuration.droppedLogLines()
        telemetry.metrics.refresh(sources)
        return Self.response(.ok, PrometheusMetricsFactory.contentType, telemetry.prometheus.exposition())
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
            while !Task.isCancelled, !Task.isShuttingDownGracefully {
                var event = ByteBuffer(string: "event: status\ndata: ")
                event.writeBytes(await monitor.liveJSON())
                event.writeString("\n\n")
                try await writer.write(event)
                try await Task.sleep(for: interval)
            }
            try await writer.finish(nil)
        }
        var headers = Self.headers("text/event-stream; charset=utf-8", cache: "no-store")
        // A proxy must not buffer the response.
        headers[Self.accelBuffering] = "no"
        return Response(status: .ok, headers: headers, body: body)
    }
}
