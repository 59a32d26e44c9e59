public import NIOCore

/// The facts about a file that are known before its first byte.
public struct BlobInfo: Sendable, Hashable {
    /// The size in bytes; nil where the server does not announce it.
    public let expectedSize: Int64?
    /// The server's `Content-Type`.
    public let contentType: String?
    /// The server's `ETag`, which changes with the file's content.
    public let etag: String?
    /// The file's name, safe for file systems.
    public let fileName: String
}

/// The receiver of a file's bytes, which a ``BlobDownloader`` calls. Calls are made one after another; the next chunk is read
/// from the network only when `receive` has returned.
public protocol BlobConsumer: Sendable {
    /// Begins the file: called before the first chunk, and again after each ``restart()``.
    func begin(_ info: BlobInfo) async throws
    /// Receives the next bytes.
    func receive(_ chunk: ByteBuffer) async throws
    /// Discards the received bytes: the file has changed or is damaged, and begins again from its first byte.
    func restart() async throws
}

extension BlobConsumer {
    /// Does nothing.
    public func begin(_ info: BlobInfo) async throws {}
}

/// Thrown by the ``BlobConsumer/restart()`` of a consumer that cannot discard bytes: the download ends with its own error.
struct RestartRefused: Error {}

/// A consumer made of closures, for ``BlobDownloader/download(_:refreshURL:onRestart:onChunk:)``.
struct ClosureBlobConsumer: BlobConsumer {
    let onRestart: @Sendable () async throws -> Void
    let onChunk: @Sendable (ByteBuffer) async throws -> Void

    func receive(_ chunk: ByteBuffer) async throws { try await onChunk(chunk) }
    func restart() async throws { try await onRestart() }
}

/// A file that was downloaded completely, as a ``BlobDownloader`` returns it.
public struct DownloadedBlob: Sendable, Hashable {
    /// The size in bytes.
    public let size: Int64
    /// SHA-256 of the content, in lower-case hexadecimal.
    public let sha256: String
    /// What is in the file; nil where it is no text, such as an archive.
    public let content: DelimitedContent?
    /// MD5 of the content; nil where the server announced none to compare with.
    public let md5: [UInt8]?
    /// The server's `ETag`.
    public let etag: String?
    /// The server's `Content-Type`.
    public let contentType: String?
    /// The file's name, safe for file systems.
    public let fileName: String
}
