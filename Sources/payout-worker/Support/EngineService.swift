import ServiceLifecycle
import Synchronization
import WorkerConsole
import WorkerKafka
import WorkerRuntime
import WorkerTelemetry

/// The engine's loop as a service. It starts when the console listens and the topics are suitable.
final class EngineService: Service {
    private let loop: WorkerLoop
    private let log: KafkaLog
    private let access: KafkaAccess
    private let console: ConsoleServer
    private let telemetry: Telemetry
    private let stop: WorkerStop
    private let released = Mutex<Int?>(nil)

    init(
        _ loop: WorkerLoop,
        log: KafkaLog,
        access: KafkaAccess,
        console: ConsoleServer,
        telemetry: Telemetry,
        stop: WorkerStop
    ) {
        self.loop = loop
        self.log = log
        self.access = access
        self.console = console
        self.telemetry = telemetry
        self.stop = stop
    }

    /// How many jobs wait for the next owner; `nil` before the end, and when the engine was stopped before it had begun.
    var releasedJobs: Int? { released.withLock { $0 } }

    /// Runs until a stop or graceful shutdown is requested, or until the log cannot continue.
    ///
    /// - Throws: ``CommandFailure`` when the topics are not suitable, ``WorkerFailure`` when the log cannot continue.
    func run() async throws {
        try await withGracefulShutdownHandler {
            guard await console.listening() != nil, let topics = try await passGate() else { return }
            let count = try await withThrowingDiscardingTaskGroup { group in
                let watch = TopicWatch(
                    access: access,
                    problems: telemetry.problems,
                    reportsSettings: topics.unreportedSettings == nil
                )
                group.addTask { await Background { await watch.run() }.run() }
                defer { group.cancelAll() }
                return try await loop.run(until: stop)
            }
            released.withLock { $0 = count }
        } onGracefulShutdown: { [stop] in
            stop(.graceful)
        }
    }

    /// - Returns: what the check of the topics found; `nil` when a stop was requested meanwhile.
    private func passGate() async throws -> TopicReport? {
        let gate = TopicGate(access: access) { [telemetry] problem in
            for observer in telemetry.observers { observer.observe(.connection(problem: problem)) }
        }
        return try await gate.pass {
            stop.isRequested
        } beat: {
            loop.heartbeat.beat()
            log.consumerHeartbeat.beat()
        }
    }
}
