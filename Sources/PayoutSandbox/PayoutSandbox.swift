import Hummingbird
import Logging
import NIOCore
import Synchronization

/// A server that behaves as the Partner Center payout service does, with its sign-in and its files, faults included.
///
/// It is for demonstrations, tests and benchmarks: it listens on loopback, keeps everything in memory, and answers
/// `/_sandbox/…` to anybody, so that a checker in another process can read what happened and switch faults.
///
/// ```swift
/// let sandbox = PayoutSandbox(configuration: .demo)
/// let address = try await sandbox.start()
/// defer { Task { await sandbox.stop() } }
/// ```
public final class PayoutSandbox: Sendable {
    /// Why the sandbox does not start.
    public enum StartError: Error, Equatable, CustomStringConvertible {
        /// It runs already: stop it first, or make a second one.
        case alreadyRunning
        /// The configured host can be reached from other machines: set `allowsRemoteClients` where that is meant.
        case notLoopback(host: String)
        /// No account is configured, so nobody could sign in: add one.
        case noAccounts
        /// The address could not be bound, or the server ended before it ran: see the reason.
        case notListening(host: String, port: Int, reason: String)

        /// What happened, to what, and what to do.
        public var description: String {
            switch self {
            case .alreadyRunning:
                "The sandbox is running already: stop it first."
            case .notLoopback(let host):
                "The sandbox will not listen on \(host), which other machines reach: set allowsRemoteClients."
            case .noAccounts:
                "The sandbox has no account that could sign in: configure one."
            case .notListening(let host, let port, let reason):
                "The sandbox could not listen on \(host):\(port) (\(reason)): choose another port, or 0 for a free one."
            }
        }
    }

    private enum Phase {
        case idle
        case starting
        case running(Task<Void, any Error>, Address)
        case stopping
    }

    /// How the sandbox behaves.
    public let configuration: Configuration
    let service: ServiceBox
    private let phase = Mutex(Phase.idle)

    /// Prepares a sandbox; ``start()`` makes it listen.
    public init(configuration: Configuration = .instant) {
        self.configuration = configuration
        service = ServiceBox(configuration: configuration)
    }

    /// Where the sandbox listens; nil while it does not.
    public var address: Address? {
        phase.withLock { phase in
            if case .running(_, let address) = phase { address } else { nil }
        }
    }

    /// Starts listening and returns where. Throws ``StartError``.
    public func start() async throws -> Address {
        try check()
        try phase.withLock { phase in
            guard case .idle = phase else { throw StartError.alreadyRunning }
            phase = .starting
        }
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let application = application { port in continuation.yield(port) }
        let task = Task {
            defer { continuation.finish() }
            try await application.run()
        }
        for await port in ports {
            let address = Address(configuration: configuration, port: port)
            service.withState { $0.origin = address.baseURL }
            phase.withLock { $0 = .running(task, address) }
            return address
        }
        phase.withLock { $0 = .idle }
        var reason = "the server ended"
        if case .failure(let error) = await task.result { reason = String(describing: error) }
        throw StartError.notListening(host: configuration.host, port: configuration.port, reason: reason)
    }

    /// Stops listening, closes all connections, and returns when that is done. What happened stays readable.
    public func stop() async {
        let task = phase.withLock { phase -> Task<Void, any Error>? in
            guard case .running(let task, _) = phase else { return nil }
            phase = .stopping
            return task
        }
        guard let task else { return }
        task.cancel()
        _ = await task.result
        phase.withLock { $0 = .idle }
    }

    /// Runs until the task is cancelled. `onStart` is told the address once the sandbox listens.
    public func run(onStart: @Sendable (Address) async -> Void = { _ in }) async throws {
        let address = try await start()
        await onStart(address)
        let task = phase.withLock { phase -> Task<Void, any Error>? in
            if case .running(let task, _) = phase { task } else { nil }
        }
        await withTaskCancellationHandler {
            _ = await task?.result
        } onCancel: {
            task?.cancel()
        }
        await stop()
    }

    private func check() throws {
        let loopback = ["localhost", "::1"]
        let isLoopback = loopback.contains(configuration.host) || configuration.host.hasPrefix("127.")
        guard isLoopback || configuration.allowsRemoteClients else {
            throw StartError.notLoopback(host: configuration.host)
        }
        guard !configuration.accounts.isEmpty else { throw StartError.noAccounts }
    }

    private func application(onPort: @escaping @Sendable (Int) -> Void) -> Application<SandboxResponder> {
        Application(
            responder: SandboxResponder(service: service, control: configuration.control),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                serverName: "payout-sandbox",
                backlog: 1024
            ),
            onServerRunning: { channel in
                onPort(channel.localAddress?.port ?? 0)
            },
            logger: configuration.logger
        )
    }
}
