import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// The HTTP connections that API clients, token providers, downloads and file stores use. One transport for the whole
/// process is enough.
///
/// The transport follows no redirects and repeats no requests: both are decisions of its users. One exception: an API call
/// that can be repeated safely is sent again where the server closed a kept connection just as the call used it.
public final class HTTPTransport: Sendable {
    /// The settings of connections.
    public struct Configuration: Sendable {
        /// The longest wait for a connection, a proxy and TLS included.
        public var connectTimeout: Duration = .seconds(10)
        /// The most HTTP/1 connections to one host. A request that finds none free waits up to ``connectTimeout``.
        public var maximumConnectionsPerHost = 128
        /// How long an unused connection is kept.
        public var idleConnectionTimeout: Duration = .seconds(60)
        /// How long a server may neither accept nor send a byte; nil leaves the limit to each request.
        public var silenceTimeout: Duration?
        /// Whether HTTP/2 is used with servers that offer it. API calls use HTTP/1.1, which costs less, unless they go through a
        /// proxy.
        public var allowsHTTP2 = true
        /// The proxy and further certificate authorities.
        public var network = NetworkSettings()
        /// Whether API calls have connections of their own instead of the HTTP client's. Tests compare both.
        package var separatesCalls = true

        /// The defaults.
        public init() {}
    }

    package let configuration: Configuration
    /// Clients that decompress answers, whether or not the request asked for compression.
    private let decoding: RoutedClients
    /// Clients that return bytes unchanged.
    private let raw: RoutedClients
    /// The connections of API calls. The HTTP client's connections have a limit of silence, these have not.
    let calls: CallConnections?
    private let telemetry = Mutex<[String: HTTPTelemetry]>([:])
    let executors: [EventLoopExecutor]
    private let nextExecutor = Atomic(0)

    /// Makes a transport; no connection is opened yet.
    ///
    /// - Parameter configuration: The settings of connections.
    public init(configuration: Configuration = Configuration()) {
        self.configuration = configuration
        let settings = configuration.clientSettings
        decoding = RoutedClients(settings.decoding(upTo: Self.maximumAnswerSize), configuration.network)
        raw = RoutedClients(settings.withLargeReads(), configuration.network)
        let separatesCalls = configuration.separatesCalls && configuration.silenceTimeout == nil
        calls = separatesCalls ? CallConnections(configuration) : nil
        executors = NIOSingletons.posixEventLoopGroup.makeIterator().map { EventLoopExecutor($0) }
    }

    deinit {
        // The HTTP client demands a shutdown, also for a transport that was only made to check a configuration.
        for client in clients { client.shutdown { _ in } }
    }

    private var clients: [HTTPClient] { decoding.all + raw.all }

    /// The client for a request.
    func client(for url: String, decodes: Bool) -> HTTPClient { (decodes ? decoding : raw).client(for: url) }

    /// An executor for tasks that do little more than API calls to a server: they run cheapest on the thread that serves its
    /// connections.
    ///
    /// A task that blocks or computes for long must not run there.
    ///
    /// - Parameter url: The server's URL.
    package func taskExecutor(for url: String) -> any TaskExecutor {
        guard let host = try? calls?.route(url)?.host else { return taskExecutor() }
        return executors.first { $0.eventLoop === host.eventLoop } ?? taskExecutor()
    }

    /// An executor for tasks that do little more than requests: they run cheapest on a thread that serves connections. Each
    /// call returns the next of these threads.
    ///
    /// A task that blocks or computes for long must not run there.
    public func taskExecutor() -> any TaskExecutor {
        let number = nextExecutor.wrappingAdd(1, ordering: .relaxed).oldValue
        return executors[Int(UInt(bitPattern: number) % UInt(executors.count))]
    }

    /// The largest decoded answer, in bytes.
    package static let maximumAnswerSize = 1024 * 1024

    /// The telemetry of requests to a host that is known only from a URL, such as a file's. There are few such hosts, and the
    /// number of those that are kept is bounded.
    package func telemetry(host: String, port: Int?) -> HTTPTelemetry {
        telemetry.withLock { known in
            if let telemetry = known[host] { return telemetry }
            let telemetry = HTTPTelemetry(host: host, port: port)
            if known.count < 64 { known[host] = telemetry }
            return telemetry
        }
    }

    /// Closes every connection. Requests in flight fail.
    ///
    /// - Throws: ``TransportFault`` when the transport is shut down already.
    public func shutdown() async throws {
        await calls?.shutDown()
        var fault: TransportFault?
        // All clients are shut down, also after an error of the first one.
        for client in clients {
            do {
                try await client.shutdown()
            } catch {
                fault = fault ?? TransportFault(error)
            }
        }
        if let fault { throw fault }
    }
}
