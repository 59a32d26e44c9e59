import Foundation
import NIOCore
import PayoutAPI
import PayoutFilters

/// Fetches an export's file into a file here, or to standard output.
struct FileDownload {
    let service: ServiceAccess
    let kind: PayoutKind
    let isForced: Bool

    private struct Document: Encodable {
        var requestId: String
        var file: String
        var sizeBytes: Int64
        var sha256: String
    }

    func run(_ export: Export, to out: String?, isJSON: Bool) async throws {
        guard let url = export.blobLocation else { throw CommandFailure("The export has no file yet.") }
        if out == "-" {
            _ = try await fetch(export.requestID, url, into: FileSink(FileHandle.standardOutput, path: nil))
            return
        }
        let path = out ?? url.fileName
        if !isForced, FileManager.default.fileExists(atPath: path) {
            throw CommandFailure("'\(path)' exists. Name another file with --out, or replace it with --force.")
        }
        // Under another name until it is whole.
        let partial = path + ".part"
        guard FileManager.default.createFile(atPath: partial, contents: nil),
            let handle = FileHandle(forWritingAtPath: partial)
        else { throw CommandFailure("'\(partial)' cannot be written. Check the directory and its permissions.") }
        do {
            let blob = try await fetch(export.requestID, url, into: FileSink(handle, path: partial))
            try handle.close()
            guard rename(partial, path) == 0 else {
                throw CommandFailure("'\(partial)' cannot be renamed to '\(path)'.")
            }
            let document = Document(requestId: export.requestID, file: path, sizeBytes: blob.size, sha256: blob.sha256)
            Terminal.result(
                isJSON
                    ? try JSONText.document(document)
                    : "\(path)  \(Readable.size(blob.size))  sha256 \(blob.sha256)"
            )
        } catch {
            try? handle.close()
            unlink(partial)
            throw error
        }
    }

    private func fetch(_ requestID: String, _ url: SASURL, into sink: FileSink) async throws -> DownloadedBlob {
        let (client, kind) = (service.client, kind)
        defer { sink.progress.clear() }
        return try await service.downloader.download(url, to: sink) {
            let export = try await client.get(kind: kind, requestID: requestID, correlationID: UUID())
            guard let fresh = export.blobLocation else { throw CommandFailure("The export has no file any more.") }
            return fresh
        }
    }
}

/// Takes a download's bytes. Calls come one after another, as the downloader promises.
private actor FileSink: BlobConsumer {
    private let handle: FileHandle
    private let path: String?
    nonisolated let progress = ProgressLine()
    private var meter = TransferMeter(expected: nil)
    private let start = ContinuousClock.now

    /// - Parameter path: the file, where what was written can be taken back.
    init(_ handle: FileHandle, path: String?) {
        self.handle = handle
        self.path = path
    }

    func begin(_ info: BlobInfo) { meter = TransferMeter(expected: info.expectedSize) }

    func receive(_ chunk: ByteBuffer) throws {
        try chunk.withUnsafeReadableBytes { try write($0) }
        meter.add(chunk.readableBytes, at: ContinuousClock.now - start)
        progress.show(meter.line)
    }

    func restart() throws {
        guard path != nil else {
            throw CommandFailure(
                "The file changed at the service while it was fetched; what was printed is not usable. Try again."
            )
        }
        try handle.truncate(atOffset: 0)
    }

    /// Straight from the buffer: a copy of every byte would be felt.
    private func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            let written = Foundation.write(handle.fileDescriptor, rest.baseAddress, rest.count)
            if written > 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            } else if errno != EINTR {
                let reason = String(cString: strerror(errno))
                throw CommandFailure("'\(path ?? "standard output")' cannot be written: \(reason).")
            }
        }
    }
}
