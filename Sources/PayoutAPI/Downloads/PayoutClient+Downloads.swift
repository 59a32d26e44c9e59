public import struct Foundation.URL
public import struct Foundation.UUID
import NIOCore

// Files of exports. Where they may be downloaded from is in `PayoutClient.Configuration.downloads`.

extension PayoutClient {
    /// Downloads an export's file. The file appears under its name when it is complete, and replaces another one of that name.
    ///
    /// - Parameters:
    ///   - export: The export.
    ///   - file: A file URL.
    ///   - correlationID: The id by which the service's logs trace the calls of one job.
    /// - Throws: ``ExportNotCompleted``, ``BlobDownloadError``, ``PayoutAPIError``, `CancellationError`, or an error whose
    ///   description names the file, the system call that failed, and why.
    public func download(
        _ export: Export,
        to file: URL,
        correlationID: UUID = UUID()
    ) async throws -> DownloadedBlob {
        let writer = FileWriter(file)
        do {
            let blob = try await download(export, to: writer, correlationID: correlationID)
            try await writer.finish()
            return blob
        } catch {
            await writer.discard()
            throw error
        }
    }

    /// Downloads an export's file to a consumer.
    ///
    /// - Parameters:
    ///   - export: The export.
    ///   - consumer: Receives the file's bytes.
    ///   - correlationID: The id by which the service's logs trace the calls of one job.
    /// - Throws: ``ExportNotCompleted``, ``BlobDownloadError``, ``PayoutAPIError``, `CancellationError`, or an error of the
    ///   consumer.
    public func download(
        _ export: Export,
        to consumer: some BlobConsumer,
        correlationID: UUID = UUID()
    ) async throws -> DownloadedBlob {
        let downloader = BlobDownloader(
            configuration: configuration.downloads,
            transport: transport,
            environment: environment,
            logger: logger
        )
        let url = { @Sendable () async throws -> SASURL in
            let fresh = try await get(export, correlationID: correlationID)
            guard let url = fresh.blobLocation, fresh.isReady else {
                throw ExportNotCompleted(fresh, fresh.status == .failed ? .failed : .pending)
            }
            return url
        }
        let first = if let known = export.blobLocation { known } else { try await url() }
        return try await downloader.download(first, to: consumer, refreshURL: url)
    }

    /// The bytes of an export's file, in chunks as they arrive.
    ///
    /// - Parameters:
    ///   - export: The export.
    ///   - correlationID: The id by which the service's logs trace the calls of one job.
    public func bytes(of export: Export, correlationID: UUID = UUID()) -> ExportBytes {
        ExportBytes(client: self, export: export, correlationID: correlationID)
    }

    /// The rows of an export's file, decoded by the names in its header.
    ///
    /// - Parameters:
    ///   - export: The export.
    ///   - type: The type of a row.
    ///   - correlationID: The id by which the service's logs trace the calls of one job.
    public func rows<Row: ExportRow>(
        of export: Export,
        as type: Row.Type = Row.self,
        correlationID: UUID = UUID()
    ) -> ExportRows<Row> {
        ExportRows(bytes: bytes(of: export, correlationID: correlationID))
    }
}
