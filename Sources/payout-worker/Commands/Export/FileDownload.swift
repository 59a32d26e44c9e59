import Foundation
import NIOCore
import PayoutAPI
import PayoutFilters
import Primitives

/// Downloads an export's file to a local file or to standard output.
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
        guard let url = export.blobLocation else {
            throw CommandFailure("The export \(export.requestID) has no file yet. Try again later, or use --wait.")
        }
        if out == "-" {
            _ = try await fetch(export.requestID, url, into: FileSink(path: nil))
            return
        }
        let path = Self.path(out, fileName: url.fileName)
        if !isForced, FileManager.default.fileExists(atPath: path) {
            throw CommandFailure(
                "'\(path)' already exists. Set another path with --out, or replace the file with --force."
            )
        }
        do {
            let sink = try FileSink(path: path)
            let blob = try await fetch(export.requestID, url, into: sink)
            try await sink.finish()
            let document = Document(requestId: export.requestID, file: path, sizeBytes: blob.size, sha256: blob.sha256)
            Terminal.result(
                isJSON
                    ? try JSONText.document(document)
                    : "\(path)  \(Formatting.size(blob.size))  sha256 \(blob.sha256)"
            )
        } catch let error as FileSystemError {
            throw CommandFailure("\(error) Check the directory, its permissions and the free space.")
        }
    }

    /// A folder gets the file under its own name.
    static func path(_ out: String?, fileName: String) -> String {
        guard let out else { return fileName }
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: out, isDirectory: &isFolder)
        guard out.hasSuffix("/") || (exists && isFolder.boolValue) else { return out }
        return out.hasSuffix("/") ? out + fileName : "\(out)/\(fileName)"
    }

    /// Checks a path before the wait for the file, which may take a day.
    ///
    /// - Throws: ``CommandFailure`` if its folder does not exist.
    static func checkFolder(of out: String?) throws {
        guard let out, out != "-" else { return }
        let folder = (path(out, fileName: "file") as NSString).deletingLastPathComponent
        var isFolder: ObjCBool = false
        let exists = folder.isEmpty || FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder)
        guard folder.isEmpty || (exists && isFolder.boolValue) else {
            throw CommandFailure("--out: the folder '\(folder)' does not exist. Create it, or set another path.")
        }
    }

    private func fetch(_ requestID: String, _ url: SASURL, into sink: FileSink) async throws -> DownloadedBlob {
        let (client, kind) = (service.client, kind)
        defer { sink.progress.clear() }
        return try await service.downloader.download(url, to: sink) {
            let export = try await client.get(kind: kind, requestID: requestID, correlationID: UUID())
            guard let fresh = export.blobLocation else {
                throw CommandFailure("The export \(requestID) no longer has a file.")
            }
            return fresh
        }
    }
}

/// Receives a download's bytes. The downloader makes one call at a time.
private actor FileSink: BlobConsumer {
    /// The file; `nil` for standard output, which cannot be truncated.
    private let file: PartFile?
    nonisolated let progress = ProgressLine()
    private var meter = TransferMeter(expected: nil)
    private let start = ContinuousClock.now

    /// - Parameter path: the file's path; `nil` for standard output.
    init(path: String?) throws { file = try path.map { try PartFile(for: $0) } }

    /// Gives the file its name.
    func finish() throws { try file?.commit() }

    func begin(_ info: BlobInfo) { meter = TransferMeter(expected: info.expectedSize) }

    func receive(_ chunk: ByteBuffer) throws {
        try chunk.withUnsafeReadableBytes { bytes in
            if let file { try file.write(bytes) } else { try Self.print(bytes) }
        }
        meter.add(chunk.readableBytes, at: ContinuousClock.now - start)
        progress.show(meter.line)
    }

    func restart() throws {
        guard let file else {
            throw CommandFailure(
                "The download had to begin again at the first byte, so the output is invalid. Try again."
            )
        }
        try file.truncate()
    }

    /// Writes to standard output without a copy.
    private static func print(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            let written = write(STDOUT_FILENO, rest.baseAddress, rest.count)
            if written > 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            } else if errno != EINTR {
                throw CommandFailure("Failed to write to standard output: \(String(cString: strerror(errno))).")
            }
        }
    }
}
