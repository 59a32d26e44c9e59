import struct Foundation.UUID
public import NIOCore

/// The bytes of an export's file, in chunks: ``PayoutClient/bytes(of:correlationID:)`` makes it. Each iteration downloads the
/// file.
///
/// An interrupted download continues at the same byte. A file that changes at the service meanwhile, or that is found to be
/// damaged at its end, ends the iteration with ``BlobDownloadError/Reason/corrupted(_:)``. Where the storage sends no `ETag` by
/// which the same file is known, the error is what interrupted the download. Discard what you have received.
public struct ExportBytes: AsyncSequence, Sendable {
    let client: PayoutClient
    let export: Export
    let correlationID: UUID

    /// Downloads the file at the pace of the caller.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let bytes: ExportBytes
        private var download: ChunkDownload?

        fileprivate init(_ bytes: ExportBytes) { self.bytes = bytes }

        /// The next bytes; nil at the end of the file.
        ///
        /// - Throws: ``ExportNotCompleted``, ``BlobDownloadError``, ``PayoutAPIError``, or `CancellationError`.
        public mutating func next() async throws -> ByteBuffer? {
            let download = download ?? ChunkDownload(bytes)
            self.download = download
            return try await download.channel.next()
        }
    }

    /// Begins with the file's first byte.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}

/// A download whose chunks go through a channel. It is cancelled when its iterator is released.
private final class ChunkDownload: Sendable {
    let channel = ChunkChannel()
    private let task: Task<Void, Never>

    init(_ bytes: ExportBytes) {
        task = Task { [channel] in
            do {
                _ = try await bytes.client.download(bytes.export, to: channel, correlationID: bytes.correlationID)
                channel.finish(nil)
            } catch {
                channel.finish(error)
            }
        }
    }

    deinit {
        task.cancel()
        channel.close()
    }
}
