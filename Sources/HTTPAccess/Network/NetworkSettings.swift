/// How an ``HTTPTransport`` reaches servers: directly or through a proxy, and which certificates it trusts.
public struct NetworkSettings: Sendable {
    /// The proxy for `https` addresses; nil connects directly. `http` addresses are always reached directly.
    public var proxy: ProxyServer?
    /// Hosts that are reached directly although there is a proxy. This machine's own addresses always are.
    public var exceptions: ProxyExceptions
    /// Certificate authorities that are trusted in addition to those of the system; nil for none.
    public var additionalRoots: TrustRoots?

    /// Makes settings; the defaults connect directly and trust the system's certificate authorities.
    public init(
        proxy: ProxyServer? = nil,
        exceptions: ProxyExceptions = ProxyExceptions(""),
        additionalRoots: TrustRoots? = nil
    ) {
        self.proxy = proxy
        self.exceptions = exceptions
        self.additionalRoots = additionalRoots
    }

    /// Whether requests to a URL go through the proxy.
    func usesProxy(for url: String) -> Bool {
        guard proxy != nil, let location = WebLocation(url), location.isEncrypted else { return false }
        return HostClass(location.host) != .loopback && !exceptions.contain(location.host, port: location.port)
    }
}

/// An invalid network setting.
public enum NetworkSettingsError: Error, Sendable, Hashable {
    /// The text is not the address of a proxy.
    case notAProxyAddress
    /// The address has another scheme than `http`. Connections to proxies are always plain HTTP.
    case unsupportedProxyScheme(String)
    /// The file of certificate authorities cannot be read, or is larger than ``TrustRoots/maximumFileSize``.
    case unreadableFile(path: String)
    /// The file holds no certificates in PEM form, or an invalid one.
    case noCertificates(path: String)
}
