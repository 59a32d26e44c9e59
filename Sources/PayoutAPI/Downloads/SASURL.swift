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

    /// The value of a parameter, as it stands in the query; the name is compared without regard to case.
    private func queryValue(_ name: String) -> String? {
        let bytes = self.unredacted.utf8
        guard let mark = bytes.firstIndex(of: UInt8(ascii: "?")) else { return nil }
        var rest = bytes[bytes.index(after: mark)...].prefix { $0 != UInt8(ascii: "#") }
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "&")) ?? rest.endIndex
            let parameter = rest[..<end]
            if let equals = parameter.firstIndex(of: UInt8(ascii: "=")),
                parameter[..<equals].elementsEqual(name.utf8, by: { $0.lowercaseASCII == $1 })
            {
                return String(Substring(parameter[parameter.index(after: equals)...]))
            }
            rest = end == rest.endIndex ? rest[end...] : rest[rest.index(after: end)...]
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

extension UInt8 {
    fileprivate var lowercaseASCII: UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self
    }
}
