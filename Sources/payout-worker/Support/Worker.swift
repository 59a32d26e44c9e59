import ExportCore
import Foundation
import KafkaClient
import Logging
import PayoutAPI
import ServiceLifecycle
import WorkerConsole
import WorkerExports
import WorkerKafka
import WorkerRuntime
import WorkerTelemetry

/// The worker process: its parts, and the order in which they end.
///
/// The parts are the services of one `ServiceGroup`. They start together; the engine waits for the console itself. When a
/// part ends or fails, at the start or later, the group shuts the others down gracefully, one after the other and the last
/// of the list first, and throws the first error. So a start that fails half-way closes what it has opened, and the
/// engine's last commit comes before everything that it needs is closed.
///
/// When the task of ``run(until:heedsSignals:)`` is cancelled, all parts end at the same time.
struct Worker: Sendable {
    private let configuration: WorkerConfiguration
    private let logger: Logger
    private let settings: (@Sendable () throws -> Settings)?

    /// - Parameter settings: reads the configuration again, at SIGHUP; `nil` where it cannot change.
    init(
        _ configuration: WorkerConfiguration,
        logger: Logger,
        settings: (@Sendable () throws -> Settings)? = nil
    ) {
        self.configuration = configuration
        self.logger = logger
        self.settings = settings
    }

    /// Runs until it is stopped or a part fails, and closes what it has opened.
    ///
    /// - Parameters:
    ///   - stop: requests the steps of a stop.
    ///   - heedsSignals: whether SIGTERM and SIGINT request them too.
    func run(until stop: WorkerStop = WorkerStop(), heedsSignals: Bool = false) async throws {
        // First of all: SIGHUP never ends a worker.
        if settings != nil { signal(SIGHUP, SIG_IGN) }
        let signals =
            heedsSignals
            ? await StopSignals(stop: stop, timeout: configuration.shutdownTimeout, logger: logger) : nil
        let service = try await PayoutService(
            configuration.accounts,
            files: configuration.files,
            network: configuration.network,
            downloads: configuration.core.maxConcurrentDownloads,
            retryPolicy: .none,
            logger: logger
        )
        let observability = Observability()
        let telemetry = observability.telemetry
        let spans = Observability.spans(configuration, logger: logger)
        let log = KafkaLog(configuration.log, logger: logger.part(.kafka))
        let exports = ExportsClient(
            accounts: service.clients,
            downloads: service.delivery,
            hosts: service.hosts,
            logger: logger.part(.api)
        )
        let loop = makeLoop(log, exports, telemetry)
        let access = KafkaAccess(configuration.log, logger: logger.part(.kafka))
        let console = observability.console(
            configuration,
            loop: loop,
            log: log,
            access: access,
            files: service.delivery?.activity,
            logger: logger
        )
        let engine = EngineService(loop, log: log, access: access, console: console, telemetry: telemetry, stop: stop)
        let watches = Background { await watch(service, exports, loop, telemetry.problems) }
        logStart()
        do {
            try await Self.run(
                [
                    ("signals", signals), ("connections", service), ("spans", spans), ("console", console),
                    ("watches", watches), ("engine", engine),
                ],
                logger: logger
            )
        } catch {
            throw Self.explained(error)
        }
        if let jobs = engine.releasedJobs { logger.notice("Worker stopped", metadata: ["jobs": "\(jobs)"]) }
    }

    /// An error of a part as the command reports it.
    private static func explained(_ error: any Error) -> any Error {
        switch error {
        case let error as WorkerFailure: CommandFailure(Remedies().sentence(for: error))
        case let error as ConsoleServerError: ConfigurationError(Remedies().sentence(for: error))
        default: error
        }
    }

    /// Runs parts until one of them ends, then shuts the others down gracefully, the last one first.
    static func run(_ parts: [(name: String, service: (any Service)?)], logger: Logger) async throws {
        // Names of their own: the group would log a service's description, which may hold secrets.
        let services = parts.compactMap { part in
            part.service.map { service in
                ServiceGroupConfiguration.ServiceConfiguration(
                    service: service,
                    successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .gracefullyShutdownGroup,
                    serviceName: part.name
                )
            }
        }
        try await ServiceGroup(configuration: ServiceGroupConfiguration(services: services, logger: logger)).run()
    }

    private func logStart() {
        logger.notice(
            "Worker starting",
            metadata: [
                "version": "\(Version.text)", "worker": "\(configuration.log.workerID)",
                "group": "\(configuration.log.groupID)", "topic": "\(configuration.log.topics.jobs)",
                "delivery": "\(configuration.log.delivery.rawValue)",
            ]
        )
    }

    private func makeLoop(_ log: KafkaLog, _ exports: ExportsClient, _ telemetry: Telemetry) -> WorkerLoop {
        WorkerLoop(
            configuration: configuration.core,
            groupID: configuration.log.groupID,
            jobsTopic: configuration.log.topics.jobs,
            resultsTopic: configuration.log.topics.results,
            clientID: configuration.log.workerID,
            log: log,
            exports: telemetry.metering(exports, logger: logger.part(.files)),
            observers: [
                ReportLogger(logger.part(.engine), texts: Remedies(), problems: telemetry.problems)
            ] + telemetry.observers + [MemoryKeeper()]
        )
    }

    /// What runs beside the engine, from the start on: a broker may refuse the credentials until their file is corrected.
    private func watch(
        _ service: PayoutService,
        _ exports: ExportsClient,
        _ loop: WorkerLoop,
        _ problems: ReportedProblems
    ) async {
        await withDiscardingTaskGroup { group in
            if let secrets = configuration.kafkaSecrets, let credentials = configuration.log.kafka.credentials {
                let logger = logger.part(.kafka)
                group.addTask {
                    await KafkaCredentialsWatch(secrets: secrets, credentials: credentials, logger: logger).run()
                }
            }
            if let store = service.store {
                group.addTask {
                    await StoreWatch(store: store, problems: problems, logger: logger.part(.files)).run()
                }
            }
            guard let settings else { return }
            group.addTask {
                await ConfigurationReload(
                    configuration,
                    service: service,
                    exports: exports,
                    loop: loop,
                    problems: problems,
                    settings: settings,
                    logger: logger
                ).run()
            }
        }
    }
}
