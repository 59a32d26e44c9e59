import Crypto
import Primitives

/// The header line of a file: its digest, and its names where it is not too long.
struct HeaderLine: Sendable {
    private var digest = SHA256()
    private var bytes: [UInt8] = []
    private var isTooLong = false

    /// The same number of characters has at most this many bytes in UTF-16.
    private static let limit = 2 * DelimitedContent.maximumColumnBytes

    mutating func add(_ more: UnsafeRawBufferPointer) {
        digest.update(bufferPointer: more)
        guard !isTooLong, bytes.count + more.count <= Self.limit else {
            isTooLong = true
            bytes = []
            return
        }
        bytes += more
    }

    /// In lower-case hexadecimal.
    var sha256: String { Hexadecimal.encoded(digest.finalize()) }

    /// The names, or nil where they are too many or too long.
    func columns(_ findings: DelimitedTextScanner.Findings) -> [String]? {
        guard !isTooLong else { return nil }
        let text = UTF16Text.utf8(of: bytes, findings.encoding)
        guard text.count <= DelimitedContent.maximumColumnBytes else { return nil }
        var columns: [String]?
        var parser = DelimitedRecordParser(
            limit: DelimitedContent.maximumColumnBytes,
            maximumFields: DelimitedContent.maximumColumnBytes
        )
        // A header that ends is never within quotes. One that is not UTF-8 has no names.
        try? text.withUnsafeBytes { try parser.parse($0) { columns = $0 } }
        try? parser.finish { columns = $0 }
        return columns.flatMap { $0.count <= DelimitedContent.maximumColumns ? $0 : nil }
    }
}
