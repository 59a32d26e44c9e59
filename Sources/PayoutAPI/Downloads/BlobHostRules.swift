public import HTTPAccess
import Primitives

/// The hosts that a ``BlobDownloader`` may download from.
///
/// A URL from an answer or a redirect must not lead the downloader into a private network, so every host must be on the list,
/// and connections are encrypted. Addresses of this machine are allowed if ``allowsLoopback`` is set or the list names them,
/// private addresses only if the list names them, link-local ones never.
public struct BlobHostRules: Sendable, Hashable {
    fileprivate struct Pattern: Sendable, Hashable {
        /// In lower case; with `*.` in front for any name below it; `*` for any name.
        var host: String
        var port: Int?
        var allowsPlainText: Bool
    }

    private let patterns: [Pattern]
    /// Whether this machine is allowed, also without encryption. Suitable where the API itself is on this machine.
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
    ///   - patterns: Each a host name, `*.` and a host name, or `*` for any name; with `:port` for one port only; with
    ///     `http://` in front where the host may be contacted without encryption.
    ///   - allowsLoopback: Whether this machine is allowed, also without encryption.
    /// - Throws: ``HTTPAccess/ClientConfigurationError`` for an invalid pattern.
    public init(patterns: [String], allowsLoopback: Bool = false) throws(ClientConfigurationError) {
        var parsed: [Pattern] = []
        for text in patterns {
            let trimmed = text.trimmingBlanks().lowercased()
            if trimmed.isEmpty { continue }
            guard let pattern = Self.parse(trimmed) else {
                throw ClientConfigurationError(
                    setting: "blob hosts",
                    problem:
                        "\(Redaction.bounded(text)) is not a host: write example.com, *.example.com or example.com:8080"
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

    /// Why a file must not be downloaded from a URL, as a clause in lower case; nil when it may.
    public func objection(to url: String) -> String? {
        guard let location = WebLocation(url) else { return "it is not a plain absolute HTTP URL" }
        let matching = self.patterns.filter { $0.matches(location) }
        let isNamed = matching.contains { $0.host == location.host }
        var host: String { Redaction.bounded(location.host) }
        switch HostClass(location.host) {
        case .loopback:
            // This machine has several names; a list with one of them allows all.
            let isMeant = self.patterns.contains { $0.isLoopback && $0.covers(port: location.port) }
            return self.allowsLoopback || isMeant ? nil : "\(host) is this machine"
        case .disguisedAddress, .forbiddenAddress:
            return "\(host) is an address that is never allowed"
        case .privateAddress, .publicAddress:
            guard isNamed else { return "\(host) is an address that is not among the allowed hosts" }
        case .name:
            guard !matching.isEmpty else { return "\(host) is not among the allowed hosts" }
        }
        if location.isEncrypted || matching.contains(where: \.allowsPlainText) { return nil }
        return "\(host) would be contacted without encryption"
    }
}

extension BlobHostRules.Pattern {
    fileprivate var isLoopback: Bool { HostClass(self.host) == .loopback }

    fileprivate func covers(port: Int) -> Bool { self.port == nil || self.port == port }

    fileprivate func matches(_ location: WebLocation) -> Bool {
        guard covers(port: location.port) else { return false }
        if self.host == "*" { return true }
        if self.host.hasPrefix("*.") {
            let suffix = self.host.dropFirst()
            return location.host.hasSuffix(suffix) && location.host.count > suffix.count
        }
        return self.host == location.host
    }
}
