import AsyncHTTPClient
import NIOCore
import NIOHTTPCompression
import NIOPosix
import NIOSSL

/// One HTTP client for direct connections and, where there is a proxy, one for connections through it: the proxy is a setting
/// of a client, not of a request. ``HTTPTransport`` has two of these, for decompressed and for unchanged answers.
struct RoutedClients: Sendable {
    private let direct: HTTPClient
    private let proxied: HTTPClient?
    private let network: NetworkSettings

    init(_ settings: HTTPClient.Configuration, _ network: NetworkSettings) {
        self.network = network
        direct = HTTPClient(eventLoopGroupProvider: .shared(NIOSingletons.posixEventLoopGroup), configuration: settings)
        proxied = network.proxy.map { proxy in
            var settings = settings
            settings.proxy = proxy.clientProxy
            return HTTPClient(
                eventLoopGroupProvider: .shared(NIOSingletons.posixEventLoopGroup),
                configuration: settings
            )
        }
    }

    var all: [HTTPClient] { [direct] + (proxied.map { [$0] } ?? []) }

    /// The client for a URL: the one with the proxy, unless the settings except the host.
    func client(for url: String) -> HTTPClient {
        guard let proxied, network.usesProxy(for: url) else { return direct }
        return proxied
    }
}

extension HTTPTransport.Configuration {
    /// The settings that all clients of a transport share.
    var clientSettings: HTTPClient.Configuration {
        var settings = HTTPClient.Configuration(
            // A redirect would carry credentials and SAS queries to another host.
            redirectConfiguration: .disallow,
            timeout: .init(connect: connectTimeout.asTimeout),
            connectionPool: .init(
                idleTimeout: idleConnectionTimeout.asTimeout,
                concurrentHTTP1ConnectionsPerHostSoftLimit: max(1, maximumConnectionsPerHost)
            )
        )
        settings.timeout.read = silenceTimeout?.asTimeout
        settings.timeout.write = silenceTimeout?.asTimeout
        settings.connectionPool.retryConnectionEstablishment = false
        settings.httpVersion = allowsHTTP2 ? .automatic : .http1Only
        // The HTTP client would write whole URLs, which may hold secrets, to spans.
        settings.tracing.tracer = nil
        settings.tlsConfiguration = .outgoing(trusting: network.additionalRoots)
        return settings
    }
}

extension HTTPClient.Configuration {
    /// The settings with decompression of answers, up to a size in bytes.
    func decoding(upTo limit: Int) -> Self {
        var settings = self
        settings.decompression = .enabled(limit: .size(limit))
        return settings
    }

    /// The settings with large reads and without decompression, for files: each read costs a switch between the network's
    /// thread and the consumer's.
    func withLargeReads() -> Self {
        var settings = self
        settings.decompression = .disabled
        settings.http1_1ConnectionDebugInitializer = { channel in
            let allocator = AdaptiveRecvByteBufferAllocator(minimum: 4096, initial: 65_536, maximum: 524_288)
            return channel.setOption(.recvAllocator, value: allocator)
        }
        return settings
    }
}
