import HTTPListening
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// A server that simulates the Partner Center payout service, with its sign-in, its files and fault injection.
///
/// It is for demonstrations, tests and benchmarks: it listens on loopback, keeps everything in memory, and answers
/// `/_sandbox/…` without authentication, so that a checker in another process can read the journal and set faults.
///
/// ```swift
/// let sandbox = PayoutSandbox(configuration: .demo)
/// let address = try await sandbox.start()
/// defer { Task { await sandbox.stop() } }
/// ```
public final class PayoutSandbox: Sendable {
    /// Why the sandbox does not start.
    public enum StartError: Error, Equatable, CustomStringConvertible {
        /// It is running already: stop it first, or create a second one.
        case alreadyRunning
        /// Other machines can reach the configured host: set `allowsRemoteClients` if that is intended.
        case notLoopback(host: String)
        /// No account is configured, so no client could sign in: add one.
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
        case running(HTTPListener, Address)
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
        do {
            let listener = try await HTTPListener.start(
                SandboxResponder(service: service, control: configuration.control),
                configuration: ApplicationConfiguration(
                    address: .hostname(configuration.host, port: configuration.port),
                    serverName: "payout-sandbox",
                    backlog: 1024
                ),
                limits: ConnectionLimits(),
                logger: configuration.logger
            )
            let address = Address(configuration: configuration, port: listener.port)
            service.withState { $0.origin = address.baseURL }
            phase.withLock { $0 = .running(listener, address) }
            return address
        } catch {
            phase.withLock { $0 = .idle }
            throw StartError.notListening(
                host: configuration.host,
                port: configuration.port,
                reason: String(describing: error)
            )
        }
    }

    /// Stops listening, closes all connections, and returns when that is done. Requests in flight have half a second
    /// to end. What happened stays readable.
    public func stop() async {
        let listener = phase.withLock { phase -> HTTPListener? in
            guard case .running(let listener, _) = phase else { return nil }
            phase = .stopping
            return listener
        }
        guard let listener else { return }
        await listener.stop()
        phase.withLock { $0 = .idle }
    }

    /// Runs until the task is cancelled. `onStart` receives the address once the sandbox listens.
    public func run(onStart: @Sendable (Address) async -> Void = { _ in }) async throws {
        let address = try await start()
        await onStart(address)
        let listener = phase.withLock { phase -> HTTPListener? in
            if case .running(let listener, _) = phase { listener } else { nil }
        }
        await listener?.wait()
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
}
