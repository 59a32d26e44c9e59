public import WorkerRuntime

/// What one worker's console gathers: the metrics, and what happened lately.
///
/// ```swift
/// let telemetry = ConsoleTelemetry(build: BuildInfo(version: "1.0.0"))
/// MetricsSystem.bootstrap(telemetry.prometheus)
/// let loop = WorkerLoop(…, exports: telemetry.metering(exports), observers: telemetry.observers, …)
/// let console = ConsoleServer(configuration, source: loop, telemetry: telemetry, loops: […], logger: logger)
/// ```
public final class ConsoleTelemetry: Sendable {
    /// The backend of the metrics. Make it the program's too, so that other libraries' metrics are shown.
    public let prometheus: PrometheusMetricsFactory
    /// The worker's metrics.
    public let metrics: WorkerMetrics
    /// Totals and the newest incidents.
    public let activity: RecentActivity
    /// Which worker runs.
    public let build: BuildInfo
    /// What is found out beside the engine.
    public let problems = ReportedProblems()
    let calls = CallActivity()

    /// Creates a telemetry that has seen nothing.
    public init(build: BuildInfo, prometheus: PrometheusMetricsFactory = PrometheusMetricsFactory()) {
        self.build = build
        self.prometheus = prometheus
        metrics = WorkerMetrics(factory: prometheus, build: build)
        activity = RecentActivity()
    }

    /// Whether Kafka can be reached, as far as anybody knows.
    public var isKafkaReachable: Bool { activity.figures.connectionProblem == nil }

    /// To be told what happens: the observers of a `WorkerLoop`.
    public var observers: [any WorkerObserver] { [metrics, activity] }

    /// The same port, its calls counted and timed. Without it the console knows only what the engine tells: calls
    /// by account, their durations and the rate of calls are missing.
    public func metering(_ exports: any ExportsPort) -> any ExportsPort {
        MeteredExports(port: exports, metrics: metrics, calls: calls)
    }
}
