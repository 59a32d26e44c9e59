import ExportCore
import Logging
import Metrics
import Synchronization
import Tracing
import WorkerConsole
import WorkerKafka
import WorkerRuntime

/// Health, metrics and dashboard of the worker in this process.
struct Observability: Sendable {
    let telemetry: ConsoleTelemetry
    private static let shared = Mutex<ConsoleTelemetry?>(nil)

    /// The process's metrics go to the first worker's console; swift-metrics knows one backend per process.
    init() {
        telemetry = Self.shared.withLock { shared in
            if let shared { return shared }
            let telemetry = ConsoleTelemetry(build: BuildInfo(version: Version.text, revision: Version.revision))
            MetricsSystem.bootstrap(telemetry.prometheus)
            shared = telemetry
            return telemetry
        }
    }

    /// Starts to send traces, where a collector is named. swift-distributed-tracing knows one tracer per process.
    ///
    /// - Returns: the task that sends them; cancelled, it sends the rest and ends.
    static func traces(_ configuration: WorkerConfiguration, logger: Logger) -> Task<Void, Never>? {
        guard let tracing = configuration.tracing else { return nil }
        let isFirst = hasTracer.withLock { hasTracer in
            defer { hasTracer = true }
            return !hasTracer
        }
        guard isFirst else { return nil }
        let exporter = OTLPExporter(
            tracing,
            workerID: configuration.log.workerID,
            logger: logger.part(.console)
        )
        InstrumentationSystem.bootstrap(RecordingTracer(ratio: tracing.ratio) { exporter.take($0) })
        return Task { await exporter.run() }
    }

    private static let hasTracer = Mutex(false)

    /// Starts the console. It answers from the first moment on, also while Kafka is away.
    func start(
        _ configuration: WorkerConfiguration,
        loop: WorkerLoop,
        log: KafkaLog,
        files: FileActivity?,
        logger: Logger
    ) async throws -> ConsoleServer {
        var console = ConsoleConfiguration()
        console.host = configuration.httpHost
        console.port = configuration.httpPort
        console.workerID = configuration.log.workerID
        console.groupID = configuration.log.groupID
        console.thresholds.stall = configuration.stallTimeout
        let telemetry = telemetry
        let server = ConsoleServer(
            console,
            source: loop,
            telemetry: telemetry,
            loops: [
                HealthSource(name: "engine", heartbeat: loop.heartbeat, maximumAge: .seconds(30)),
                HealthSource(name: "consumer", heartbeat: log.consumerHeartbeat, maximumAge: .seconds(60)),
                // Without brokers no transaction can end, and no restart mends that.
                HealthSource(name: "commits", maximumAge: .seconds(300)) {
                    telemetry.isKafkaReachable ? log.commitHeartbeat.age : .zero
                },
            ],
            isGroupMember: { log.isGroupMember },
            files: files,
            logger: logger.part(.console)
        )
        do {
            _ = try await server.start()
        } catch {
            throw ConfigurationError("\(error)")
        }
        return server
    }
}
