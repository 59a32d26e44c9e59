import NIOCore
import struct Foundation.Data

/// The digest in a `Content-MD5` header: Base64 as RFC 1864 has it, or hexadecimal as some servers write it.
///
/// - Returns: Nil when it is neither, which says nothing about the file.
func md5Digest(_ text: String) -> [UInt8]? {
    let text = text.trimmingBlanks()
    let size = 16
    if let data = Data(base64Encoded: text), data.count == size { return Array(data) }
    let digits = text.utf8.compactMap(hexDigit)
    guard digits.count == size * 2, text.utf8.count == size * 2 else { return nil }
    return (0..<size).map { digits[$0 * 2] << 4 | digits[$0 * 2 + 1] }
}

/// How far a download is: what a further attempt goes on from.
struct DownloadProgress: Sendable {
    /// How many bytes the consumer has.
    private(set) var offset: Int64 = 0
    /// The whole file's size, if known.
    var expectedSize: Int64?
    var etag: String?
    var contentType: String?
    /// The whole file's MD5, if the server named it.
    var contentMD5: [UInt8]?
    /// Whether the consumer has heard of the file's beginning.
    var hasBegun = false

    /// Of the bytes that the consumer has.
    var digests = FileDigests()

    /// What a server can be asked to go on by: weak tags do not promise the same bytes.
    var strongETag: String? {
        guard let etag, etag.hasPrefix("\""), etag.count > 2 else { return nil }
        return etag
    }

    /// Whether the next request may ask for the rest only.
    var canResume: Bool { self.offset > 0 && self.strongETag != nil }

    /// The consumer has further bytes; their digests are reckoned elsewhere.
    mutating func take(_ chunk: ByteBuffer) {
        self.offset += Int64(chunk.readableBytes)
    }

    /// What is wrong with a file whose last byte has come; nil when nothing is.
    func damage() -> String? {
        if let expectedSize, expectedSize != self.offset {
            return "\(self.offset) bytes came where \(expectedSize) were announced"
        }
        if let contentMD5, self.digests.md5 != contentMD5 {
            return "the content does not have the MD5 that was announced"
        }
        return nil
    }

    func finished(fileName: String) -> DownloadedBlob {
        DownloadedBlob(
            size: self.offset,
            sha256: self.digests.sha256,
            etag: self.etag,
            contentType: self.contentType,
            fileName: fileName
        )
    }
}
