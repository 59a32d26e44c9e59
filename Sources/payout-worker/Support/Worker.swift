import ExportCore
import Foundation
import Logging
import PayoutAPI
import WorkerConsole
import WorkerExports
import WorkerKafka
import WorkerRuntime

/// A worker as one process runs it: the parts wired together, signals, and the way out.
struct Worker: Sendable {
    private let configuration: WorkerConfiguration
    private let logger: Logger
    private let settings: (@Sendable () throws -> Settings)?

    /// - Parameter settings: reads the configuration anew, at SIGHUP; `nil` where it cannot change.
    init(
        _ configuration: WorkerConfiguration,
        logger: Logger,
        settings: (@Sendable () throws -> Settings)? = nil
    ) {
        self.configuration = configuration
        self.logger = logger
        self.settings = settings
    }

    /// Runs until a signal, or until the log cannot go on.
    func run(until stop: WorkerStop = WorkerStop()) async throws {
        let service = try Service(
            configuration.accounts,
            files: configuration.files,
            downloads: configuration.downloads,
            retryPolicy: .none,
            logger: logger
        )
        let log = KafkaLog(configuration.log, logger: logger.part(.kafka))
        let exports = ExportsClient(accounts: service.clients, downloads: service.delivery, logger: logger.part(.api))
        let observability = Observability()
        let spans = Observability.traces(configuration, logger: logger)
        defer { spans?.cancel() }
        let loop = WorkerLoop(
            configuration: configuration.core,
            groupID: configuration.log.groupID,
            jobsTopic: configuration.log.topics.jobs,
            resultsTopic: configuration.log.topics.results,
            clientID: configuration.log.workerID,
            log: log,
            exports: observability.telemetry.metering(exports),
            observers: observability.telemetry.observers + [MemoryKeeper()],
            logger: logger.part(.engine)
        )
        logger.notice(
            "Worker starting",
            metadata: [
                "version": "\(Version.text)", "worker": "\(configuration.log.workerID)",
                "group": "\(configuration.log.groupID)", "topic": "\(configuration.log.topics.jobs)",
                "delivery": "\(configuration.log.delivery.rawValue)",
            ]
        )
        let files = service.delivery?.activity
        let console = try await observability.start(configuration, loop: loop, log: log, files: files, logger: logger)
        // From the first moment on: a SIGHUP that comes while Kafka is away must not end the worker.
        if settings != nil { signal(SIGHUP, SIG_IGN) }
        let signals = SignalWatch(stop: stop, timeout: configuration.shutdownTimeout, logger: logger)
        defer { signals.cancel() }
        let access = KafkaAccess(configuration.log, logger: logger.part(.kafka))
        let gate = TopicGate(access: access)
        let topics = try await gate.pass {
            signals.isStopping
        } beat: {
            loop.heartbeat.beat()
            log.consumerHeartbeat.beat()
        }
        guard let topics else {
            await console.stop()
            return await service.shutdown()
        }
        let watches = Task {
            await watch(service, exports, loop, observability.telemetry.problems, access, topics)
        }
        defer { watches.cancel() }
        let handedOver = try await loop.run(until: stop)
        await console.stop()
        await service.shutdown()
        spans?.cancel()
        await spans?.value
        logger.notice("Worker stopped", metadata: ["jobsHandedOver": "\(handedOver)"])
    }
    /// What goes on beside the engine until the task is cancelled.
    private func watch(
        _ service: Service,
        _ exports: ExportsClient,
        _ loop: WorkerLoop,
        _ problems: ReportedProblems,
        _ access: KafkaAccess,
        _ topics: TopicReport
    ) async {
        await withDiscardingTaskGroup { group in
            if let store = service.store {
                group.addTask {
                    await StoreWatch(store: store, problems: problems, logger: logger.part(.files)).run()
                }
            }
            group.addTask {
                await TopicWatch(access: access, problems: problems, tellsSettings: topics.skipped.isEmpty).run()
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
