import Foundation
import HTTPListening
import Hummingbird
package import Logging
import NIOCore
import ServiceLifecycle
package import WorkerRuntime
package import WorkerTelemetry

/// Serves health, metrics and the dashboard over HTTP: `/livez`, `/readyz`, `/metrics`, `/`, `/api/status`,
/// `/api/events`, `/api/fleet`, `/api/jobs` and `/api/jobs/{id}`. Reading needs no authentication, so it listens on loopback by
/// default. Changing something needs a token.
package final class ConsoleServer: Service {
    private let configuration: ConsoleConfiguration
    private let monitor: ConsoleMonitor
    private let responder: ConsoleResponder
    private let logger: Logger
    private let (ports, opened) = AsyncStream.makeStream(of: Int.self)

    /// Prepares a console; ``run()`` makes it listen.
    ///
    /// - Parameters:
    ///   - configuration: its settings.
    ///   - source: the engine.
    ///   - telemetry: metrics and activity; the engine must have its observers.
    ///   - loops: the loops whose progress decides liveness.
    ///   - isGroupMember: whether the consumer is in the group. Without it the worker counts as a member after its
    ///     first assignment.
    ///   - files: the file store and the transfers into it, where there is one.
    ///   - directory: the other workers of the group. Without it, only this worker's data is shown.
    ///   - actions: what requests with the token can change.
    ///   - logger: logs that the console listens, and actions.
    package init(
        _ configuration: ConsoleConfiguration,
        source: any ConsoleSource,
        telemetry: Telemetry,
        loops: [HealthSource],
        isGroupMember: (@Sendable () -> Bool)? = nil,
        files: FileActivity? = nil,
        directory: (any FleetDirectory)? = nil,
        actions: (any ConsoleActions)? = nil,
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
            fleet: Fleet(
                configuration,
                monitor: monitor,
                source: source,
                telemetry: telemetry,
                directory: directory
            ),
            telemetry: telemetry,
            actions: actions,
            logger: logger
        )
    }

    /// Listens, and polls the worker until graceful shutdown or cancellation. Then stops listening, waits for responses in
    /// progress for at most ``ConsoleConfiguration/drain``, and closes the connections.
    package func run() async throws(ConsoleServerError) {
        defer { opened.finish() }
        let listener = try await listen()
        logger.notice(
            "The console listens, without authentication",
            metadata: ["host": "\(configuration.host)", "port": "\(listener.port)"]
        )
        opened.yield(listener.port)
        let monitor = monitor
        await cancelWhenGracefulShutdown { await monitor.run() }
        await listener.stop()
    }

    /// Waits until the console listens. One task may call this, once.
    ///
    /// - Returns: the port; `nil` when the console cannot listen, or when the task was cancelled.
    package func listening() async -> Int? { await ports.first { _ in true } }

    private func listen() async throws(ConsoleServerError) -> HTTPListener {
        do {
            return try await HTTPListener.start(
                responder,
                configuration: ApplicationConfiguration(
                    address: .hostname(configuration.host, port: configuration.port),
                    serverName: "payout-worker"
                ),
                limits: configuration.limits,
                logger: quietLogger
            )
        } catch {
            throw problem(error)
        }
    }

    /// The logger of the HTTP server, which logs its regular end as an error.
    private var quietLogger: Logger {
        var quiet = logger
        quiet.logLevel = .critical
        return quiet
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
