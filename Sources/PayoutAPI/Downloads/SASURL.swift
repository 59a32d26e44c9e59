public import struct Foundation.Date
import HTTPAccess
import Primitives

/// The URL of an export's file, with a shared access signature in its query. ``Export`` holds it, ``BlobDownloader`` downloads
/// from it.
///
/// The URL grants access to the file until it expires, so it prints without its query.
public struct SASURL: Sendable, Hashable {
    /// The whole URL, signature included. Handle it as a secret.
    public let unredacted: String

    /// Wraps a URL; nothing is checked.
    public init(_ url: String) {
        unredacted = url
    }

    /// When the signature expires (`se`); nil where the URL has no expiry.
    public var expiresAt: Date? {
        guard let value = queryValue("se") else { return nil }
        return Date(serviceText: value.percentDecoded())
    }

    /// The file's name: the path's last segment, safe for file systems. Never empty.
    public var fileName: String {
        let segment = path.split(separator: "/").last.map(String.init) ?? ""
        var name = ""
        for scalar in segment.percentDecoded().unicodeScalars {
            let isUnsafe = scalar == "/" || scalar == "\\" || scalar.isInvisible
            name.unicodeScalars.append(isUnsafe ? "_" : scalar)
        }
        while name.utf8.count > 200 { name.removeLast() }
        let isDots = name.allSatisfy { $0 == "." }
        return isDots ? "export" : name
    }

    /// The host, without port; nil where the URL has none.
    public var host: String? { WebLocation(unredacted)?.host }

    /// The value of a parameter of the query, percent-encoded; the name is compared without regard to case.
    private func queryValue(_ name: String) -> String? {
        let bytes = unredacted.utf8
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

    /// The path: the text after the authority, up to the query.
    private var path: Substring {
        let front = unredacted.prefix { $0 != "?" && $0 != "#" }
        guard let scheme = front.firstRange(of: "://") else { return front }
        let rest = front[scheme.upperBound...]
        return rest.firstIndex(of: "/").map { rest[$0...] } ?? ""
    }
}

extension SASURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The URL without user name and query; `?sig=REDACTED` where there was a query.
    public var description: String { redactedURL(unredacted) }

    /// The URL without user name and query, for published texts.
    var withoutQuery: String { urlWithoutQuery(unredacted) }

    /// As ``description``.
    public var debugDescription: String { description }

    /// Empty, so that `dump` does not print the signature.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension Unicode.Scalar {
    /// Whether it is a control character, changes the direction of text, joins characters, or ends a line.
    fileprivate var isInvisible: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        default: false
        }
    }
}

extension UInt8 {
    fileprivate var lowercaseASCII: UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self
    }
}
