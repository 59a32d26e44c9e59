public import struct Foundation.Date

/// The URL of an export's file, with a shared access signature in its query.
///
/// Whoever has the URL has the file until it expires, so it prints without its query.
public struct SASURL: Sendable, Hashable {
    /// The whole URL, signature included. Handle it as a secret.
    public let unredacted: String

    /// Wraps a URL; nothing is checked.
    public init(_ url: String) {
        self.unredacted = url
    }

    /// When the signature expires (`se`); nil where the URL does not say.
    public var expiresAt: Date? {
        guard let value = self.queryValue("se") else { return nil }
        return parseTimestamp(value.percentDecoded())
    }

    /// The file's name: the path's last segment, made safe to use as one. Never empty.
    public var fileName: String {
        let segment = self.path.split(separator: "/").last.map(String.init) ?? ""
        var name = ""
        for scalar in segment.percentDecoded().unicodeScalars {
            let isUnsafe = scalar == "/" || scalar == "\\" || scalar.value < 0x20 || scalar.value == 0x7F
            name.unicodeScalars.append(isUnsafe ? "_" : scalar)
        }
        while name.utf8.count > 200 { name.removeLast() }
        let isDots = name.allSatisfy { $0 == "." }
        return isDots ? "export" : name
    }

    /// The host, without port; nil where the URL has none.
    public var host: String? { WebLocation(self.unredacted)?.host }

    /// The value of a parameter, as it stands in the query.
    private func queryValue(_ name: String) -> String? {
        guard let mark = self.unredacted.firstIndex(of: "?") else { return nil }
        let query = self.unredacted[self.unredacted.index(after: mark)...].prefix { $0 != "#" }
        for parameter in query.split(separator: "&") {
            let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, parts[0].lowercased() == name { return String(parts[1]) }
        }
        return nil
    }

    /// What follows the authority, up to the query.
    private var path: Substring {
        let front = self.unredacted.prefix { $0 != "?" && $0 != "#" }
        guard let scheme = front.firstRange(of: "://") else { return front }
        let rest = front[scheme.upperBound...]
        return rest.firstIndex(of: "/").map { rest[$0...] } ?? ""
    }
}

extension SASURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The URL without user name and query; `?sig=REDACTED` where there was a query.
    public var description: String {
        var front = String(self.unredacted.prefix { $0 != "?" && $0 != "#" })
        if let scheme = front.firstRange(of: "://") {
            let authority = front[scheme.upperBound...].prefix { $0 != "/" }
            if let at = authority.lastIndex(of: "@") { front.removeSubrange(scheme.upperBound...at) }
        }
        return self.unredacted.contains("?") ? "\(front)?sig=\(Redaction.mark)" : front
    }

    /// As ``description``.
    public var debugDescription: String { self.description }

    /// Nothing to see for `dump`.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
