import Foundation
import Hummingbird
public import Logging
import NIOCore
import Synchronization
public import WorkerRuntime

/// Serves health, metrics and the dashboard over HTTP: `/livez`, `/readyz`, `/metrics`, `/`, `/api/status`,
/// `/api/events` and `/api/jobs/{id}`. It only reads, and it asks nobody who they are: it listens on loopback unless
/// it is told otherwise.
public final class ConsoleServer: Sendable {
    private enum Phase {
        case idle
        case starting
        case running(Task<Void, any Error>, port: Int)
    }

    private let configuration: ConsoleConfiguration
    private let monitor: ConsoleMonitor
    private let responder: ConsoleResponder
    private let logger: Logger
    private let phase = Mutex(Phase.idle)

    /// Prepares a console; ``start()`` makes it listen.
    ///
    /// - Parameters:
    ///   - configuration: how it serves.
    ///   - source: the engine.
    ///   - telemetry: what is gathered; its observers must be the engine's.
    ///   - loops: the loops that liveness goes by.
    ///   - isGroupMember: whether the consumer is in the group now. Without it the worker counts as joined once a
    ///     partition was assigned to it.
    ///   - files: the file store and the transfers into it, where there is one.
    ///   - logger: where it is logged that the console listens.
    public init(
        _ configuration: ConsoleConfiguration,
        source: any ConsoleSource,
        telemetry: ConsoleTelemetry,
        loops: [HealthSource],
        isGroupMember: (@Sendable () -> Bool)? = nil,
        files: FileActivity? = nil,
        logger: Logger
    ) {
        self.configuration = configuration
        self.logger = logger
        monitor = ConsoleMonitor(
            configuration,
            source: source,
            telemetry: telemetry,
            loops: loops,
            isGroupMember: isGroupMember,
            files: files,
            logger: logger
        )
        responder = ConsoleResponder(
            configuration: configuration,
            monitor: monitor,
            source: source,
            telemetry: telemetry
        )
    }

    /// The port that it listens on; `nil` while it does not.
    public var port: Int? {
        phase.withLock { phase in
            if case .running(_, let port) = phase { port } else { nil }
        }
    }

    /// Starts listening, and looking at the worker.
    ///
    /// - Returns: the port.
    @discardableResult
    public func start() async throws(ConsoleServerError) -> Int {
        let isIdle = phase.withLock { phase in
            guard case .idle = phase else { return false }
            phase = .starting
            return true
        }
        guard isIdle else { throw .alreadyRunning }
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let application = application { continuation.yield($0) }
        let monitor = monitor
        let task = Task {
            defer { continuation.finish() }
            try await withThrowingTaskGroup { group in
                group.addTask { await monitor.run() }
                group.addTask { try await application.run() }
                defer { group.cancelAll() }
                try await group.next()
            }
        }
        for await port in ports {
            phase.withLock { $0 = .running(task, port: port) }
            logger.notice(
                "The console listens; whoever reaches it may look",
                metadata: ["host": "\(configuration.host)", "port": "\(port)"]
            )
            return port
        }
        phase.withLock { $0 = .idle }
        var failure: any Error = CancellationError()
        if case .failure(let error) = await task.result { failure = error }
        throw problem(failure)
    }

    /// Stops listening, closes the connections, and returns when that is done.
    public func stop() async {
        let task = phase.withLock { phase -> Task<Void, any Error>? in
            guard case .running(let task, _) = phase else { return nil }
            return task
        }
        guard let task else { return }
        task.cancel()
        _ = await task.result
        phase.withLock { $0 = .idle }
    }

    private func application(onPort: @escaping @Sendable (Int) -> Void) -> Application<ConsoleResponder> {
        var quiet = logger
        // It calls its own end an error.
        quiet.logLevel = .critical
        return Application(
            responder: responder,
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                serverName: "payout-worker"
            ),
            onServerRunning: { channel in onPort(channel.localAddress?.port ?? 0) },
            logger: quiet
        )
    }

    private func problem(_ error: any Error) -> ConsoleServerError {
        let (host, port) = (configuration.host, configuration.port)
        switch error {
        case is SocketAddressError, is SocketAddressError.UnknownHost: return .unknownHost(host)
        case let error as IOError:
            switch error.errnoCode {
            case EADDRINUSE: return .addressInUse(host: host, port: port)
            case EADDRNOTAVAIL: return .foreignAddress(host)
            case EACCES, EPERM: return .notPermitted(host: host, port: port)
            default: return .notListening(host: host, port: port, reason: "\(error)")
            }
        default: return .notListening(host: host, port: port, reason: "\(error)")
        }
    }
}
