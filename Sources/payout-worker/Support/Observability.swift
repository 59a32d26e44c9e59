import Logging
import Metrics
import Synchronization
import Tracing
import WorkerConsole
import WorkerKafka
import WorkerRuntime
import WorkerTelemetry

/// Health, metrics and dashboard of the worker in this process.
struct Observability: Sendable {
    let telemetry: Telemetry
    private static let shared = Mutex<Telemetry?>(nil)
    private static let hasTracer = Mutex(false)

    /// The process's metrics go to the first worker's console, because swift-metrics has one backend per process.
    init() {
        telemetry = Self.shared.withLock { shared in
            if let shared { return shared }
            let telemetry = Telemetry(
                build: BuildInfo(version: Version.text, revision: Version.revision),
                texts: Remedies()
            )
            MetricsSystem.bootstrap(telemetry.prometheus)
            shared = telemetry
            return telemetry
        }
    }

    /// Creates the exporter of traces, if a collector is configured. swift-distributed-tracing has one tracer per process.
    static func spans(_ configuration: WorkerConfiguration, logger: Logger) -> OTLPExporter? {
        guard let tracing = configuration.tracing else { return nil }
        let isFirst = hasTracer.withLock { hasTracer in
            defer { hasTracer = true }
            return !hasTracer
        }
        guard isFirst else { return nil }
        let origin = SpanOrigin(
            library: "payout-export-worker",
            version: Version.text,
            resource: [
                ("service.name", tracing.serviceName), ("service.version", Version.text),
                ("service.instance.id", configuration.log.workerID),
            ]
        )
        let exporter = OTLPExporter(
            endpoint: tracing.tracesURL,
            headers: tracing.headers,
            origin: origin,
            network: configuration.network,
            logger: logger.part(.console)
        )
        InstrumentationSystem.bootstrap(RecordingTracer(ratio: tracing.ratio) { exporter.enqueue($0) })
        return exporter
    }

    /// Creates the console. It responds from the start, also while Kafka is unreachable.
    func console(
        _ configuration: WorkerConfiguration,
        loop: WorkerLoop,
        log: KafkaLog,
        access: KafkaAccess,
        files: FileActivity?,
        logger: Logger
    ) -> ConsoleServer {
        var console = ConsoleConfiguration()
        console.host = configuration.httpHost
        console.port = configuration.httpPort
        console.allowedHosts = configuration.httpAllowedHosts
        console.grafana = configuration.httpGrafanaURL
        console.adminToken = configuration.httpAdminToken
        console.maximumConnections = ConsoleConfiguration.connections(withDescriptors: FileDescriptors.raiseLimit())
        console.droppedLogLines = { LogWriter.standardError.droppedLines }
        console.workerID = configuration.log.workerID
        console.groupID = configuration.log.groupID
        console.thresholds.stall = configuration.stallTimeout
        let telemetry = telemetry
        return ConsoleServer(
            console,
            source: loop,
            telemetry: telemetry,
            loops: [
                HealthSource(name: "engine", heartbeat: loop.heartbeat, maximumAge: .seconds(30)),
                HealthSource(name: "consumer", heartbeat: log.consumerHeartbeat, maximumAge: .seconds(60)),
                // Without brokers no transaction can end, and a restart does not change that.
                HealthSource(name: "commits", maximumAge: .seconds(300)) {
                    telemetry.isKafkaReachable ? log.commitHeartbeat.age : .zero
                },
            ],
            isGroupMember: { log.isGroupMember },
            files: files,
            directory: GroupDirectory(
                log,
                ConsoleNames(topic: configuration.log.topics.jobs, domain: configuration.httpWorkerDomain)
            ),
            actions: TopicActions(access: access),
            logger: logger.part(.console)
        )
    }
}
