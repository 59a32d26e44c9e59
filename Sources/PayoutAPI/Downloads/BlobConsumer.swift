public import NIOCore

/// What is known of a file before its first byte.
public struct BlobInfo: Sendable, Hashable {
    /// The size in bytes; nil where the server does not say.
    public let expectedSize: Int64?
    /// The server's `Content-Type`.
    public let contentType: String?
    /// What tells one content of the file from another.
    public let etag: String?
    /// The file's name, made safe to use as one.
    public let fileName: String
}

/// Takes a file's bytes as they come. Calls come one after another; the next chunk is read from the network only when
/// `receive` has returned.
public protocol BlobConsumer: Sendable {
    /// The file begins: called before the first chunk, and again after each ``restart()``.
    func begin(_ info: BlobInfo) async throws
    /// The next bytes.
    func receive(_ chunk: ByteBuffer) async throws
    /// Throw away what was received: the file has changed or came damaged, and begins again from its first byte.
    func restart() async throws
}

extension BlobConsumer {
    /// Does nothing.
    public func begin(_ info: BlobInfo) async throws {}
}

/// A consumer out of closures.
struct ClosureBlobConsumer: BlobConsumer {
    let onRestart: @Sendable () async throws -> Void
    let onChunk: @Sendable (ByteBuffer) async throws -> Void

    func receive(_ chunk: ByteBuffer) async throws { try await self.onChunk(chunk) }
    func restart() async throws { try await self.onRestart() }
}

/// A file that has been fetched whole.
public struct DownloadedBlob: Sendable, Hashable {
    /// The size in bytes.
    public let size: Int64
    /// SHA-256 of the content, in lower-case hexadecimal.
    public let sha256: String
    /// The server's `ETag`.
    public let etag: String?
    /// The server's `Content-Type`.
    public let contentType: String?
    /// The file's name, made safe to use as one.
    public let fileName: String
}
