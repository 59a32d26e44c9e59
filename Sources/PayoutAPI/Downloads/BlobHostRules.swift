/// Which hosts files may be fetched from.
///
/// A URL out of an answer or a redirect must not lead the downloader into a private network, so every host has to be
/// on the list, encrypted connections only. Addresses of this machine are allowed where ``allowsLoopback`` says so or
/// the list names them, private addresses only where the list names them, link-local ones never.
public struct BlobHostRules: Sendable, Hashable {
    fileprivate struct Pattern: Sendable, Hashable {
        /// In lower case; after `*.` where any name below is meant; `*` for any name.
        var host: String
        var port: Int?
        var allowsPlainText: Bool
    }

    private let patterns: [Pattern]
    /// Whether this machine is allowed, plain text included. Right where the API itself is on this machine.
    public let allowsLoopback: Bool

    /// Azure's public cloud: `*.blob.core.windows.net`.
    public static let azure = BlobHostRules(
        parsed: [Pattern(host: "*.blob.core.windows.net", port: nil, allowsPlainText: false)],
        allowsLoopback: false
    )

    private init(parsed patterns: [Pattern], allowsLoopback: Bool) {
        self.patterns = patterns
        self.allowsLoopback = allowsLoopback
    }

    /// Reads a list of hosts.
    ///
    /// - Parameters:
    ///   - patterns: Each a host name, `*.` and a host name, or `*` for any name; with `:port` for one port only;
    ///     after `http://` where this host may be asked without encryption.
    ///   - allowsLoopback: Whether this machine is allowed, plain text included.
    /// - Throws: ``PayoutConfigurationError`` for a pattern that is none.
    public init(patterns: [String], allowsLoopback: Bool = false) throws(PayoutConfigurationError) {
        var parsed: [Pattern] = []
        for text in patterns {
            let trimmed = text.trimmingBlanks().lowercased()
            if trimmed.isEmpty { continue }
            guard let pattern = Self.parse(trimmed) else {
                throw PayoutConfigurationError(
                    setting: "blob hosts",
                    problem:
                        "\(Redaction.bounded(text)) is no host: write example.com, *.example.com or example.com:8080"
                )
            }
            parsed.append(pattern)
        }
        self.init(parsed: parsed, allowsLoopback: allowsLoopback)
    }

    private static func parse(_ text: String) -> Pattern? {
        let allowsPlainText = text.hasPrefix("http://")
        var rest = text
        for scheme in ["http://", "https://"] where rest.hasPrefix(scheme) { rest.removeFirst(scheme.count) }
        if rest.hasSuffix("/") { rest.removeLast() }
        let wildcard = rest.hasPrefix("*.") ? "*." : ""
        rest.removeFirst(wildcard.count)
        if rest == "*", wildcard.isEmpty { return Pattern(host: "*", port: nil, allowsPlainText: allowsPlainText) }
        let isBareIPv6 = !rest.hasPrefix("[") && rest.filter { $0 == ":" }.count > 1
        guard !rest.contains(where: { "*/?#@".contains($0) }),
            let location = WebLocation("https://" + (isBareIPv6 ? "[\(rest)]" : rest))
        else { return nil }
        return Pattern(
            host: wildcard + location.host,
            port: location.explicitPort,
            allowsPlainText: allowsPlainText
        )
    }

    /// Why a file must not be fetched from here; nil when it may.
    func objection(to url: String) -> String? {
        guard let location = WebLocation(url) else { return "the URL is no plain absolute HTTP URL" }
        let matching = self.patterns.filter { $0.matches(location) }
        let isNamed = matching.contains { $0.host == location.host }
        let host = Redaction.bounded(location.host)
        switch HostClass(location.host) {
        case .loopback:
            // This machine has several names; a list that has one of them means all.
            let isMeant = self.patterns.contains { $0.isLoopback && $0.covers(port: location.port) }
            return self.allowsLoopback || isMeant ? nil : "\(host) is this machine"
        case .disguisedAddress, .forbiddenAddress:
            return "\(host) is an address that no file is fetched from"
        case .privateAddress, .publicAddress:
            guard isNamed else { return "\(host) is an address that is not among the allowed hosts" }
        case .name:
            guard !matching.isEmpty else { return "\(host) is not among the allowed hosts" }
        }
        if location.isEncrypted || matching.contains(where: \.allowsPlainText) { return nil }
        return "\(host) would be asked without encryption"
    }
}

extension BlobHostRules.Pattern {
    fileprivate var isLoopback: Bool { HostClass(self.host) == .loopback }

    fileprivate func covers(port: Int) -> Bool { self.port == nil || self.port == port }

    fileprivate func matches(_ location: WebLocation) -> Bool {
        guard self.covers(port: location.port) else { return false }
        if self.host == "*" { return true }
        if self.host.hasPrefix("*.") {
            let suffix = self.host.dropFirst()
            return location.host.hasSuffix(suffix) && location.host.count > suffix.count
        }
        return self.host == location.host
    }
}
