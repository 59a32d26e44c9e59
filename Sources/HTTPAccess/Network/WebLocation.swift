import Foundation
import NIOCore
import Primitives

/// Scheme, host and port of an absolute HTTP URL. Host checks and routing use it.
///
/// It uses the same parser as the HTTP client: where two parsers differ, a URL can bypass a host check.
package struct WebLocation: Sendable {
    package let isEncrypted: Bool
    /// In lower case, without brackets and without a dot at the end.
    package let host: String
    /// The port in the URL; nil where it has none.
    package let explicitPort: Int?

    package var port: Int { explicitPort ?? (isEncrypted ? 443 : 80) }

    /// - Returns: Nil for anything but plain absolute HTTP URLs: no user name, no escapes in the host, no blanks, no port that
    ///   does not exist.
    package init?(_ text: String) {
        var text = text
        guard let hasPort = text.withUTF8(Self.hasPort), let url = URL(string: text),
            let encodedHost = url.host(percentEncoded: false), url.user == nil
        else { return nil }
        switch url.scheme?.lowercased() {
        case "https": isEncrypted = true
        case "http": isEncrypted = false
        default: return nil
        }
        var name = encodedHost.lowercased()
        if name.hasPrefix("["), name.hasSuffix("]") { name = String(name.dropFirst().dropLast()) }
        if name.hasSuffix(".") { name.removeLast() }
        guard !name.isEmpty else { return nil }
        host = name
        // Socket addresses hold 16 bits: a larger port would end the process. The parser reports no port where no integer holds it.
        guard !hasPort || (1...65_535).contains(url.port ?? 0) else { return nil }
        explicitPort = url.port
    }

    /// Whether the authority of a URL ends with a port; nil without a scheme and an authority, with a user name or escapes in
    /// the authority, and with blanks anywhere. It compares bytes, because every file's URL is checked, and comparing characters
    /// costs more than parsing.
    private static func hasPort(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool? {
        guard !bytes.contains(where: { $0 <= 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "\\") }),
            let colon = bytes.indices.dropLast(2).first(where: { index in
                bytes[index] == UInt8(ascii: ":") && bytes[index + 1] == UInt8(ascii: "/")
                    && bytes[index + 2] == UInt8(ascii: "/")
            })
        else { return nil }
        let authority = bytes[(colon + 3)...].prefix {
            $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#")
        }
        // Letters beyond ASCII are refused: a host is written in the form that is sent.
        guard authority.allSatisfy({ $0 < 0x80 && $0 != UInt8(ascii: "@") && $0 != UInt8(ascii: "%") }) else {
            return nil
        }
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        return authority.contains(UInt8(ascii: ":")) && authority.last.map(digits.contains) == true
    }
}

extension WebLocation {
    /// The scheme and authority of a URL that has a path, and nothing but plain characters after it: URLs with the same one lead
    /// to the same server, whatever parser reads them. Nil for any other URL.
    package static func origin(of url: String) -> Substring? {
        guard let colon = url.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let authority = url.utf8.index(colon, offsetBy: 3, limitedBy: url.endIndex) ?? url.endIndex
        guard url.utf8[colon..<authority].elementsEqual("://".utf8),
            let end = url.utf8[authority...].firstIndex(of: UInt8(ascii: "/")),
            url.utf8[end...].allSatisfy(isPlain)
        else { return nil }
        return url[..<end]
    }

    /// Characters of paths and queries (RFC 3986), without those that some parsers treat as others do not.
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte.isASCIIAlphanumeric || "-._~/?&=%+:,;".utf8.contains(byte)
    }
}

/// A URL without user name and query, and `?sig=REDACTED` where there was a query: URLs of files hold a signature there.
package func redactedURL(_ url: String) -> String {
    let front = urlWithoutQuery(url)
    return url.contains("?") ? "\(front)?sig=\(Redaction.mark)" : front
}

/// A URL without user name and query, for published texts.
package func urlWithoutQuery(_ url: String) -> String {
    var front = String(url.prefix { $0 != "?" && $0 != "#" })
    if let scheme = front.firstRange(of: "://") {
        let authority = front[scheme.upperBound...].prefix { $0 != "/" }
        if let at = authority.lastIndex(of: "@") { front.removeSubrange(scheme.upperBound...at) }
    }
    return front
}

/// The class of a host, derived from its name alone. Host checks of downloads and the proxy's exceptions use it.
package enum HostClass: Equatable, Sendable {
    /// A DNS name.
    case name
    /// This machine.
    case loopback
    /// An address of a private network.
    case privateAddress
    /// An address that is never contacted: link-local, multicast, unspecified, reserved.
    case forbiddenAddress
    /// Any other address.
    case publicAddress
    /// Digits that some resolvers interpret as an address, such as `0x7f.1`.
    case disguisedAddress

    /// - Parameter host: In lower case, without brackets.
    package init(_ host: String) {
        if host == "localhost" || host.hasSuffix(".localhost") {
            self = .loopback
        } else if let address = try? SocketAddress(ipAddress: host, port: 0) {
            self = Self.classify(address)
        } else if Self.endsInNumber(host) {
            self = .disguisedAddress
        } else {
            self = .name
        }
    }

    /// A host whose last label is a number is never a DNS name (RFC 1123, URL standard).
    private static func endsInNumber(_ host: String) -> Bool {
        guard let label = host.split(separator: ".").last else { return true }
        if label.hasPrefix("0x") { return label.dropFirst(2).allSatisfy(\.isHexDigit) }
        return label.allSatisfy { $0.isASCII && $0.isNumber } || host.contains(":")
    }

    private static func classify(_ address: SocketAddress) -> HostClass {
        // By offset, which all systems share: the C module that the members' names belong to depends on the order of imports.
        let bytes = address.withSockAddr { Array(UnsafeRawBufferPointer(start: $0, count: $1)) }
        return switch address {
        case .v4: classifyV4(Array(bytes[4..<8]))
        case .v6: classifyV6(Array(bytes[8..<24]))
        case .unixDomainSocket: .forbiddenAddress
        }
    }

    private static func classifyV4(_ bytes: [UInt8]) -> HostClass {
        switch (bytes[0], bytes[1]) {
        case (127, _): .loopback
        case (10, _), (172, 16...31), (192, 168), (100, 64...127): .privateAddress
        case (0, _), (169, 254), (224..., _): .forbiddenAddress
        default: .publicAddress
        }
    }

    private static func classifyV6(_ bytes: [UInt8]) -> HostClass {
        let leadingZeros = bytes.prefix(10).allSatisfy { $0 == 0 }
        if leadingZeros, bytes[10] == 0xFF, bytes[11] == 0xFF { return Self.classifyV4(Array(bytes[12...])) }
        if bytes.prefix(15).allSatisfy({ $0 == 0 }) { return bytes[15] == 1 ? .loopback : .forbiddenAddress }
        if leadingZeros, bytes[10] == 0, bytes[11] == 0 { return .forbiddenAddress }
        // An IPv4 address inside an IPv6 one: NAT64 and 6to4.
        if bytes.starts(with: [0x00, 0x64, 0xFF, 0x9B]) { return Self.classifyV4(Array(bytes[12...])) }
        if bytes.starts(with: [0x20, 0x02]) { return Self.classifyV4(Array(bytes[2...5])) }
        if bytes[0] & 0xFE == 0xFC { return .privateAddress }
        if bytes[0] == 0xFE || bytes[0] == 0xFF { return .forbiddenAddress }
        return .publicAddress
    }
}
