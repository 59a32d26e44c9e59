import AsyncHTTPClient
import NIOCore
import Primitives

/// An HTTP proxy that connects to servers on the client's behalf (CONNECT method). Part of ``NetworkSettings``.
public struct ProxyServer: Sendable, Hashable {
    /// The proxy's name or address, without brackets.
    public let host: String
    /// The proxy's port.
    public let port: Int
    private let credentials: Credentials?

    private struct Credentials: Sendable, Hashable {
        var user: String
        var password: String
    }

    /// Whether a user name and a password are sent to the proxy.
    public var hasCredentials: Bool { credentials != nil }

    /// Reads an address as `HTTPS_PROXY` holds it: `http://user:password@host:port`. Scheme and credentials may be left out;
    /// the port is 80 unless given. User name and password are percent-encoded.
    public init(_ text: String) throws(NetworkSettingsError) {
        var rest = text.trimmingBlanks()[...]
        if let scheme = rest.firstRange(of: "://") {
            let name = rest[..<scheme.lowerBound].lowercased()
            // Only a word is put into an error: anything else may be a part of a password.
            let isWord =
                !name.isEmpty && name.utf8.count <= 16 && name.allSatisfy { $0.isASCII && $0.isLetter || $0.isNumber }
            guard isWord else { throw .notAProxyAddress }
            guard name == "http" else { throw .unsupportedProxyScheme(name) }
            rest = rest[scheme.upperBound...]
        }
        if rest.hasSuffix("/") { rest.removeLast() }
        if let at = rest.lastIndex(of: "@") {
            let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            credentials = Credentials(
                user: String(parts[0]).percentDecoded(),
                password: parts.count > 1 ? String(parts[1]).percentDecoded() : ""
            )
            rest = rest[rest.index(after: at)...]
        } else {
            credentials = nil
        }
        guard let location = WebLocation("http://\(rest)"), !rest.contains(where: { "/?#".contains($0) }) else {
            throw .notAProxyAddress
        }
        host = location.host
        port = location.port
        guard (1...65_535).contains(port) else { throw .notAProxyAddress }
    }

    var clientProxy: HTTPClient.Configuration.Proxy {
        let authorization = credentials.map {
            HTTPClient.Authorization.basic(username: $0.user, password: $0.password)
        }
        return .server(host: host, port: port, authorization: authorization)
    }
}

extension ProxyServer: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Host and port, without user name and password.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
    /// As ``description``.
    public var debugDescription: String { description }
    /// Empty, so that `dump` does not print the password.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Hosts that are reached without the proxy, in the form of `NO_PROXY`.
///
/// Entries are separated by commas: `example.com` stands for the host and every name below it, `.example.com` and
/// `*.example.com` for the names below it alone, `10.0.0.7` for an address, and `*` for everything. An entry with a port,
/// `example.com:8443`, applies to that port alone. Ranges of addresses such as `10.0.0.0/8`, which some programs support,
/// match no host.
public struct ProxyExceptions: Sendable, Hashable {
    private struct Entry: Sendable, Hashable {
        /// In lower case, without a dot in front and without brackets.
        var name: String
        var includesItself: Bool
        var port: Int?
    }

    private var entries: [Entry] = []
    private var isEverything = false

    /// Reads entries that are separated by commas or blanks.
    public init(_ text: String) {
        for word in text.lowercased().split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
            if word == "*" {
                isEverything = true
            } else if let entry = Self.entry(word) {
                entries.append(entry)
            }
        }
    }

    private static func entry(_ word: Substring) -> Entry? {
        guard !word.contains("/") else { return nil }
        var name = word
        var port: Int?
        // Several colons without brackets belong to an IPv6 address.
        if let colon = word.lastIndex(of: ":"), word.hasPrefix("[") || word.firstIndex(of: ":") == colon {
            if word[colon...].contains("]") == false {
                guard let number = Int(word[word.index(after: colon)...]) else { return nil }
                (name, port) = (word[..<colon], number)
            }
        }
        if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
        let isBelow = name.hasPrefix(".") || name.hasPrefix("*.")
        let bare = isBelow ? name[name.index(after: name.firstIndex(of: ".") ?? name.startIndex)...] : name
        return bare.isEmpty ? nil : Entry(name: String(bare), includesItself: !isBelow, port: port)
    }

    /// Whether requests to a host and port are sent directly.
    ///
    /// - Parameter host: In lower case, without brackets.
    func contain(_ host: String, port: Int) -> Bool {
        isEverything
            || entries.contains { entry in
                (entry.port ?? port) == port
                    && (entry.includesItself && host == entry.name || host.hasSuffix(".\(entry.name)"))
            }
    }
}
