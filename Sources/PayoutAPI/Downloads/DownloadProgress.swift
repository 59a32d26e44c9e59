import NIOCore
import struct Foundation.Data
import Primitives

/// The digest in a `Content-MD5` header: Base64 (RFC 1864), or hexadecimal as some servers write it.
///
/// - Returns: Nil when it is neither; such a header is ignored.
func md5Digest(_ text: String) -> [UInt8]? {
    let text = text.trimmingBlanks()
    let size = 16
    if let data = Data(base64Encoded: text), data.count == size { return Array(data) }
    return Hexadecimal.decoded(text).flatMap { $0.count == size ? $0 : nil }
}

/// The progress of a download, from which the next attempt continues.
struct DownloadProgress: Sendable {
    /// How many bytes the consumer has received.
    private(set) var offset: Int64 = 0
    /// The whole file's size, if known.
    var expectedSize: Int64?
    var etag: String?
    var contentType: String?
    /// The whole file's MD5, if the server announced it.
    var contentMD5: [UInt8]?
    /// Whether ``BlobConsumer/begin(_:)`` was called.
    var hasBegun = false

    /// The digests of the bytes that the consumer has received.
    var digests = FileDigests()
    /// What was found in these bytes.
    private var content = ContentScan()

    /// The tag for a request that continues the download: weak tags do not guarantee the same bytes.
    var strongETag: String? {
        guard let etag, etag.hasPrefix("\""), etag.count > 2 else { return nil }
        return etag
    }

    /// Whether the next request may ask for the rest only.
    var canResume: Bool { offset > 0 && self.strongETag != nil }

    /// Counts bytes that the consumer has received, and reads them as text; `DigestPipe` computes their digests.
    mutating func advance(by chunk: ByteBuffer) {
        offset += Int64(chunk.readableBytes)
        chunk.withUnsafeReadableBytes { content.add($0) }
    }

    /// Why a file is damaged after its last byte, as a clause; nil when it is not.
    func damage() -> String? {
        if let expectedSize, expectedSize != offset {
            return "\(offset) bytes arrived, \(expectedSize) were announced"
        }
        if let contentMD5, digests.md5 != contentMD5 {
            return "the content does not match the announced MD5"
        }
        return nil
    }

    func finished(fileName: String) -> DownloadedBlob {
        DownloadedBlob(
            size: offset,
            sha256: digests.sha256,
            content: content.finished(),
            md5: contentMD5,
            etag: self.etag,
            contentType: self.contentType,
            fileName: fileName
        )
    }
}
