import NIOCore

/// Detects a page or a document that was returned in place of a file, such as a proxy's sign-in page or a storage's error.
/// `DownloadAttempt` checks the beginning of each file with it.
///
/// Exports are delimited text or archives. The content decides, not the name or the media type. No header line of delimited text
/// begins with `<`, `{` or `[`.
enum ForeignDocument: String, Sendable {
    case html = "an HTML page"
    case xml = "an XML document"
    case json = "a JSON document"

    /// How many bytes from a body's beginning are examined.
    static let decisiveBytes = 1024

    /// - Parameters:
    ///   - head: The body's first bytes.
    ///   - contentType: The answer's `Content-Type`, which decides for text without columns.
    /// - Returns: Nil for content that may be an export.
    init?(head: ByteBuffer, contentType: String?) {
        let text = Self.text(of: head)
        let opening = text.first { !Self.isBlank($0) }
        let type = Self.mediaType(contentType)
        switch opening {
        case UInt8(ascii: "<"):
            self = Self.isHTML(text, type) ? .html : .xml
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            self = .json
        case nil:
            return nil
        default:
            guard let type, !Self.isArchive(text), !Self.hasColumns(text) || type == .html && Self.hasTags(text)
            else { return nil }
            self = type
        }
    }

    /// The bytes without a byte order mark, and without the zeros of UTF-16.
    private static func text(of head: ByteBuffer) -> [UInt8] {
        let bytes = head.readableBytesView.prefix(Self.decisiveBytes)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return Array(bytes.dropFirst(3)) }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            return bytes.dropFirst(2).filter { $0 != 0 }
        }
        return Array(bytes)
    }

    private static func mediaType(_ contentType: String?) -> ForeignDocument? {
        let type = contentType?.prefix { $0 != ";" }.lowercased() ?? ""
        if type.contains("html") { return .html }
        if type.contains("json") { return .json }
        return type.contains("xml") ? .xml : nil
    }

    private static func isHTML(_ text: [UInt8], _ type: ForeignDocument?) -> Bool {
        type == .html || Self.hasTags(text)
    }

    /// Whether there is a tag that only HTML has.
    private static func hasTags(_ text: [UInt8]) -> Bool {
        let text = String(decoding: text, as: UTF8.self).lowercased()
        return ["<!doctype html", "<html", "<head", "<body", "<script", "<form"].contains { text.contains($0) }
    }

    /// Whether the first line has more than one column.
    private static func hasColumns(_ text: [UInt8]) -> Bool {
        let line = text.drop { Self.isBlank($0) }.prefix { $0 != 0x0A && $0 != 0x0D }
        return line.contains(UInt8(ascii: ",")) || line.contains(0x09)
    }

    private static func isArchive(_ text: [UInt8]) -> Bool {
        text.starts(with: [0x50, 0x4B, 0x03, 0x04]) || text.starts(with: [0x50, 0x4B, 0x05, 0x06])
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
