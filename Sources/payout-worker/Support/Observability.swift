import ExportCore
import Logging
import Metrics
import Synchronization
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

    /// Starts the console. It answers from the first moment on, also while Kafka is away.
    func start(
        _ configuration: WorkerConfiguration,
        loop: WorkerLoop,
        log: KafkaLog,
        logger: Logger
    ) async throws -> ConsoleServer {
        var console = ConsoleConfiguration()
        console.host = configuration.httpHost
        console.port = configuration.httpPort
        console.workerID = configuration.log.workerID
        console.groupID = configuration.log.groupID
        let server = ConsoleServer(
            console,
            source: loop,
            telemetry: telemetry,
            loops: [
                HealthSource(name: "engine", heartbeat: loop.heartbeat, maximumAge: .seconds(30)),
                HealthSource(name: "consumer", heartbeat: log.consumerHeartbeat, maximumAge: .seconds(60)),
            ],
            isGroupMember: { log.isGroupMember },
            logger: logger
        )
        do {
            _ = try await server.start()
        } catch {
            throw ConfigurationError("\(error)")
        }
        return server
    }
}
