/// Decides which values of the `Host` header are answered.
///
/// A page in a browser can make its own name resolve to a worker's address (DNS rebinding), and could then read the
/// console as its own site. Its requests have that name in `Host`, so unknown names are refused.
struct HostRule: Sendable {
    /// Paths that probes and scrapers request by the address of a pod or container, which no setting can name.
    static let probes: Set<String> = ["/livez", "/readyz", "/metrics"]

    private let names: Set<String>
    private let suffixes: [String]
    private let answersAll: Bool

    /// - Parameters:
    ///   - host: the address or name that the console listens on.
    ///   - allowed: further names and addresses; `*.example.com` is every name below it, `*` everything.
    init(host: String, allowed: [String]) {
        let allowed = allowed.map { Self.name($0) }
        answersAll = allowed.contains("*")
        names = Set(allowed + ["localhost", Self.name(host)])
        suffixes = allowed.filter { $0.hasPrefix("*.") }.map { String($0.dropFirst()) } + [".localhost"]
    }

    /// Whether a request is answered.
    ///
    /// - Parameters:
    ///   - host: its `Host` header, `nil` without one.
    ///   - path: the path.
    ///   - address: this machine's address of its connection, `nil` where it is unknown.
    func admits(host: String?, path: String, address: String?) -> Bool {
        if answersAll { return true }
        // Browsers always send the header; health checks may not.
        guard let host else { return Self.probes.contains(path) }
        let name = Self.name(host)
        if names.contains(name) || suffixes.contains(where: { name.hasSuffix($0) && name.count > $0.count }) {
            return true
        }
        guard Self.isAddress(name) else { return false }
        return Self.isLoopback(name) || name == address.map(Self.name) || Self.probes.contains(path)
    }

    /// A host without its port, brackets and final dot, in lower case.
    static func name(_ host: String) -> String {
        var text = host.lowercased()[...]
        if text.hasPrefix("[") {
            text = text.dropFirst().prefix { $0 != "]" }
        } else if text.count(where: { $0 == ":" }) == 1 {
            text = text.prefix { $0 != ":" }
        }
        if text.hasSuffix(".") { text = text.dropLast() }
        // Addresses of IPv4 that a socket of IPv6 has accepted.
        if text.hasPrefix("::ffff:"), text.contains(".") { text = text.dropFirst("::ffff:".count) }
        return String(text)
    }

    /// Whether it is an IPv4 or IPv6 address, which needs no name resolution.
    private static func isAddress(_ name: String) -> Bool {
        if name.contains(":") {
            return name.utf8.allSatisfy { isHexDigit($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }
        }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { (1...3).contains($0.utf8.count) && $0.utf8.allSatisfy(isDigit) && UInt8($0) != nil }
    }

    private static func isLoopback(_ name: String) -> Bool { name.hasPrefix("127.") || name == "::1" }

    private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte
    }
}
