package import Logging
package import WorkerRuntime

/// What one worker reports about itself: the metrics, and what happened recently.
///
/// ```swift
/// let telemetry = Telemetry(build: BuildInfo(version: "1.0.0"), texts: Remedies())
/// MetricsSystem.bootstrap(telemetry.prometheus)
/// let loop = WorkerLoop(…, exports: telemetry.metering(exports), observers: telemetry.observers, …)
/// let console = ConsoleServer(configuration, source: loop, telemetry: telemetry, loops: […], logger: logger)
/// ```
package final class Telemetry: Sendable {
    /// The backend of the metrics. Make it the program's too, so that other libraries' metrics are shown.
    package let prometheus: PrometheusMetricsFactory
    /// The worker's metrics.
    package let metrics: WorkerMetrics
    /// Totals and the newest incidents.
    package let activity: RecentActivity
    /// Which worker runs.
    package let build: BuildInfo
    /// What an operator can do about what is reported.
    package let texts: any OperatorTexts
    /// Problems that are found outside the engine.
    package let problems = ReportedProblems()
    /// The calls in flight and how the last ones ended.
    package let calls = CallActivity()
    /// The newest rejected records.
    package let rejected = RejectedRecords()
    /// The last headers of stored files.
    let headers = HeaderWatch()

    /// Creates a telemetry without data.
    ///
    /// - Parameters:
    ///   - build: which worker runs.
    ///   - texts: what an operator can do.
    ///   - prometheus: the backend of the metrics.
    package init(
        build: BuildInfo,
        texts: any OperatorTexts,
        prometheus: PrometheusMetricsFactory = PrometheusMetricsFactory()
    ) {
        self.build = build
        self.texts = texts
        self.prometheus = prometheus
        metrics = WorkerMetrics(factory: prometheus, build: build)
        activity = RecentActivity(texts: texts)
    }

    /// Whether Kafka can be reached, as far as is known.
    package var isKafkaReachable: Bool { activity.figures.connectionProblem?.isPartial ?? true }

    /// The observers to pass to a `WorkerLoop`.
    package var observers: [any WorkerObserver] { [metrics, activity, rejected, headers] }

    /// The same port with counted and timed calls. Without it the console has only the engine's status: calls by
    /// account, their durations and the rate of calls are missing.
    ///
    /// - Parameter logger: reports files whose header has changed.
    package func metering(_ exports: any ExportsPort, logger: Logger? = nil) -> any ExportsPort {
        MeteredExports(port: exports, metrics: metrics, calls: calls, headers: headers, logger: logger)
    }
}
