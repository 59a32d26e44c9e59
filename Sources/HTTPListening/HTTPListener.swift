public import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
import ServiceLifecycle

/// An HTTP/1.1 server with bounded connections, whose stop drains them. The worker's console and the sandbox use it.
///
/// The server runs in a task of the listener's own, not in a child of the caller's: a cancellation of the caller must not
/// cancel the server, which would drop requests in flight. The listener's owner ends it with ``stop()``.
public final class HTTPListener: Sendable {
    /// The port that it listens on.
    public let port: Int
    private let services: ServiceGroup
    private let task: Task<Void, any Error>
    private let ended: AsyncStream<Never>
    private let connections: ConnectionTable
    private let drain: Duration

    private init(
        port: Int,
        services: ServiceGroup,
        task: Task<Void, any Error>,
        ended: AsyncStream<Never>,
        connections: ConnectionTable,
        drain: Duration
    ) {
        self.port = port
        self.services = services
        self.task = task
        self.ended = ended
        self.connections = connections
        self.drain = drain
    }

    /// Listens, and returns once connections are accepted.
    ///
    /// - Parameters:
    ///   - responder: what answers the requests.
    ///   - configuration: where to listen; port 0 for a free one.
    ///   - limits: the bounds of the connections.
    ///   - logger: where the server logs.
    /// - Throws: the operating system's error when the address cannot be used.
    public static func start<Responder: HTTPResponder>(
        _ responder: Responder,
        configuration: ApplicationConfiguration,
        limits: ConnectionLimits,
        logger: Logger
    ) async throws -> HTTPListener
    where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let (ended, end) = AsyncStream.makeStream(of: Never.self)
        let connections = ConnectionTable(capacity: limits.connections)
        let application = Application(
            responder: responder,
            server: HTTPServerBuilder { HTTPConnections(responder: $0, limits: limits, table: connections) },
            configuration: configuration,
            onServerRunning: { channel in
                await toleratesAcceptErrors(channel)
                continuation.yield(channel.localAddress?.port ?? 0)
            },
            logger: logger
        )
        let services = ServiceGroup(services: [application], logger: logger)
        let task = Task {
            defer {
                continuation.finish()
                end.finish()
            }
            try await services.run()
        }
        for await port in ports {
            return HTTPListener(
                port: port,
                services: services,
                task: task,
                ended: ended,
                connections: connections,
                drain: limits.drain
            )
        }
        await services.triggerGracefulShutdown()
        try await task.value
        throw CancellationError()
    }

    /// Stops listening, lets requests in flight end for a short time, closes all connections, and returns when that
    /// is done.
    public func stop() async {
        await services.triggerGracefulShutdown()
        let closing = Task { [task, connections, drain] in
            try await Task.sleep(for: drain)
            task.cancel()
            connections.closeAll()
        }
        _ = await task.result
        closing.cancel()
    }

    /// Returns when the server has ended, or when the caller's task is cancelled; the server listens until ``stop()``
    /// then. One task at a time may wait.
    public func wait() async { for await _ in ended {} }

    /// Without this, an error of `accept`, such as too few file descriptors, would end the server. It retries a second
    /// later instead.
    private static func toleratesAcceptErrors(_ channel: any Channel) async {
        try? await channel.eventLoop.submit {
            let handler = AcceptBackoffHandler(shouldForwardIOErrorCaught: false)
            try channel.pipeline.syncOperations.addHandler(handler, position: .first)
        }.get()
    }
}
