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

    init(_ configuration: WorkerConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// Runs until a signal, or until the log cannot go on.
    func run(until stop: WorkerStop = WorkerStop()) async throws {
        let service = try Service(
            configuration.accounts,
            files: configuration.files,
            downloads: configuration.core.maxConcurrentDownloads,
            retryPolicy: .none,
            logger: logger
        )
        let log = KafkaLog(configuration.log, logger: logger)
        let exports = ExportsClient(accounts: service.clients, downloads: service.delivery, logger: logger)
        let observability = Observability()
        let loop = WorkerLoop(
            configuration: configuration.core,
            groupID: configuration.log.groupID,
            jobsTopic: configuration.log.topics.jobs,
            log: log,
            exports: observability.telemetry.metering(exports),
            observers: observability.telemetry.observers + [MemoryKeeper()],
            logger: logger
        )
        logger.notice(
            "Worker starting",
            metadata: [
                "version": "\(Version.text)", "worker": "\(configuration.log.workerID)",
                "group": "\(configuration.log.groupID)", "topic": "\(configuration.log.topics.jobs)",
                "delivery": "\(configuration.log.delivery.rawValue)",
            ]
        )
        let console = try await observability.start(configuration, loop: loop, log: log, logger: logger)
        let signals = SignalWatch(stop: stop, timeout: configuration.shutdownTimeout, logger: logger)
        defer { signals.cancel() }
        let gate = TopicGate(access: KafkaAccess(configuration.log, logger: logger))
        let mayStart = try await gate.pass {
            signals.isStopping
        } beat: {
            loop.heartbeat.beat()
            log.consumerHeartbeat.beat()
        }
        guard mayStart else {
            await console.stop()
            return await service.shutdown()
        }
        let keeper = Task { await service.keepStore(logger) }
        defer { keeper.cancel() }
        let handedOver = try await loop.run(until: stop)
        await console.stop()
        await service.shutdown()
        logger.notice("Worker stopped", metadata: ["jobsHandedOver": "\(handedOver)"])
    }
}
