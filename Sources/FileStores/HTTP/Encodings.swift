import Crypto
import Foundation
import NIOCore

/// The text of the first element with a name in an XML document. Not an XML parser: it suffices for the short responses of
/// object stores.
func xmlText(_ element: String, in document: String) -> String? {
    guard let open = document.range(of: "<\(element)>"),
        let close = document.range(of: "</\(element)>", range: open.upperBound..<document.endIndex)
    else { return nil }
    return document[open.upperBound..<close.lowerBound]
        .replacingOccurrences(of: "&lt;", with: "<").replacingOccurrences(of: "&gt;", with: ">")
        .replacingOccurrences(of: "&quot;", with: "\"").replacingOccurrences(of: "&#34;", with: "\"")
        .replacingOccurrences(of: "&apos;", with: "'").replacingOccurrences(of: "&#39;", with: "'")
        .replacingOccurrences(of: "&amp;", with: "&")
}

/// The content of every element with a name.
func xmlElements(_ element: String, in document: String) -> [String] {
    var elements: [String] = []
    var rest = document[...]
    while let open = rest.range(of: "<\(element)>"),
        let close = rest.range(of: "</\(element)>", range: open.upperBound..<rest.endIndex)
    {
        elements.append(String(rest[open.upperBound..<close.lowerBound]))
        rest = rest[close.upperBound...]
    }
    return elements
}

/// Text with the characters escaped that XML reserves.
func xmlEscaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
        .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
}

/// Untrusted text, made safe for a header or an error: printable ASCII, at most 128 characters.
func harmless(_ text: String?) -> String? {
    guard let text, !text.isEmpty else { return nil }
    return String(String.UnicodeScalarView(text.unicodeScalars.prefix(128).filter { 0x20..<0x7F ~= $0.value }))
}

extension HashFunction {
    /// The digest of what a buffer holds.
    static func hash(_ buffer: ByteBuffer) -> Digest {
        var hash = Self()
        buffer.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
        return hash.finalize()
    }
}
