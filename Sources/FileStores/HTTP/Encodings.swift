import Crypto
import NIOCore

// Not an XML parser: it suffices for the short responses of object stores. It compares bytes, because a combining mark after a
// tag would be one character with the tag's end.

/// The entities of XML, and the quotes that some stores write as numbers.
private let xmlEntities: [(entity: String, character: Character)] = [
    ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#34;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&amp;", "&"),
]

/// The text of the first element with a name in an XML document.
func xmlText(_ element: String, in document: String) -> String? {
    var rest = document.utf8[...]
    guard var content = nextXMLElement(element, in: &rest) else { return nil }
    var text = ""
    while let mark = content.firstIndex(of: UInt8(ascii: "&")) {
        text += Substring(content[..<mark])
        content = content[mark...]
        let known = xmlEntities.first { content.starts(with: $0.entity.utf8) }
        text.append(known?.character ?? "&")
        content = content.dropFirst(known?.entity.utf8.count ?? 1)
    }
    return text + Substring(content)
}

/// The content of every element with a name.
func xmlElements(_ element: String, in document: String) -> [String] {
    var elements: [String] = []
    var rest = document.utf8[...]
    while let content = nextXMLElement(element, in: &rest) { elements.append(String(Substring(content))) }
    return elements
}

/// The content of the next element with a name, which is passed.
private func nextXMLElement(_ element: String, in rest: inout Substring.UTF8View) -> Substring.UTF8View? {
    guard let open = rest.firstRange(of: "<\(element)>".utf8),
        let close = rest[open.upperBound...].firstRange(of: "</\(element)>".utf8)
    else { return nil }
    defer { rest = rest[close.upperBound...] }
    return rest[open.upperBound..<close.lowerBound]
}

/// Text with the characters escaped that XML reserves.
func xmlEscaped(_ text: String) -> String {
    var escaped = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": escaped += "&amp;".unicodeScalars
        case "<": escaped += "&lt;".unicodeScalars
        case ">": escaped += "&gt;".unicodeScalars
        case "\"": escaped += "&quot;".unicodeScalars
        default: escaped.append(scalar)
        }
    }
    return String(escaped)
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
