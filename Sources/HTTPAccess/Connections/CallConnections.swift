import NIOCore
import Synchronization

/// The connections that ``HTTPTransport`` uses for API calls: HTTP/1.1, kept alive, for small requests and answers.
///
/// They cost less than half of the HTTP client's. Files, tokens and stores use the HTTP client, which can stream and use
/// proxies.
final class CallConnections: Sendable {
    /// The settings of connections.
    struct Settings: Sendable {
        var connectTimeout: TimeAmount
        var idleTimeout: TimeAmount
        /// The most connections to one host.
        var maximumConnections: Int
        var additionalRoots: TrustRoots?

        init(_ configuration: HTTPTransport.Configuration) {
            connectTimeout = configuration.connectTimeout.asTimeout
            idleTimeout = configuration.idleConnectionTimeout.asTimeout
            maximumConnections = max(1, configuration.maximumConnectionsPerHost)
            additionalRoots = configuration.network.additionalRoots
        }
    }

    private struct State {
        var hosts: [CallTarget: CallHost] = [:]
        /// Hosts by the beginning of URLs, up to the path. There are as many as there are base URLs in the configuration.
        var origins: [(text: String, host: CallHost?)] = []
        var isShutDown = false
    }

    private let settings: Settings
    private let network: NetworkSettings
    private let state = Mutex(State())

    init(_ configuration: HTTPTransport.Configuration) {
        settings = Settings(configuration)
        network = configuration.network
    }

    deinit {
        for host in state.withLock({ $0.hosts.values }) { host.close() }
    }

    /// Where a URL leads.
    struct Route {
        var host: CallHost
        /// The URL after its host and port.
        var rest: Substring
    }

    /// The connections for a URL.
    ///
    /// - Returns: Nil where the URL is reached through a proxy.
    func route(_ url: String) throws(TransportFault) -> Route? {
        guard let scheme = url.utf8.firstIndex(of: UInt8(ascii: ":")) else { throw .malformedURL }
        let start = url.utf8.index(scheme, offsetBy: 3, limitedBy: url.endIndex) ?? url.endIndex
        let end = url.utf8[start...].firstIndex(where: Self.endsAuthority) ?? url.endIndex
        let origin = url[..<end]
        let found = state.withLock { state in
            (isShutDown: state.isShutDown, entry: state.origins.first { $0.text == origin })
        }
        guard !found.isShutDown else { throw .shutDown }
        let host = if let entry = found.entry { entry.host } else { try makeHost(String(origin)) }
        return host.map { Route(host: $0, rest: url[end...]) }
    }

    private static func endsAuthority(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
    }

    private func makeHost(_ origin: String) throws(TransportFault) -> CallHost? {
        guard let location = WebLocation(origin) else { throw .malformedURL }
        let target = CallTarget(location)
        let isProxied = network.usesProxy(for: origin)
        let host: CallHost? = state.withLock { state in
            guard !state.isShutDown else { return nil }
            let host = isProxied ? nil : state.hosts[target] ?? CallHost(target, settings)
            if let host { state.hosts[target] = host }
            if !state.origins.contains(where: { $0.text == origin }) { state.origins.append((origin, host)) }
            return host
        }
        guard host != nil || isProxied else { throw .shutDown }
        return host
    }

    /// Closes every connection; calls fail.
    func shutDown() async {
        let hosts = state.withLock { state in
            state.isShutDown = true
            return state.hosts.values
        }
        for host in hosts { await host.shutDown() }
    }
}
