import Crypto
import Foundation
import NIOCore

@testable import FileStores

/// A directory that is removed after the test.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("file-store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The content of all files in it, by relative path.
    func files() -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for path in FileManager.default.subpaths(atPath: path) ?? [] {
            var isDirectory: ObjCBool = false
            let full = self.path + "/" + path
            guard FileManager.default.fileExists(atPath: full, isDirectory: &isDirectory), !isDirectory.boolValue,
                let data = FileManager.default.contents(atPath: full)
            else { continue }
            files[path] = Array(data)
        }
        return files
    }

    /// The hidden files of uploads.
    var leftovers: [String] { files().keys.filter { $0.contains(".payout-export-") } }
}

extension FileKey {
    /// The key that most tests store a file under.
    static let sample = FileKeyTemplate.standard.key(
        FileKeyValues(
            account: "default",
            kind: "payments",
            jobID: "j:1",
            requestID: "r-1",
            fileName: "a.csv",
            format: .csv,
            date: 1_795_305_600_000
        )
    )
    static let samplePath = "default/payments/2026/11/22/j:1/r-1.csv"
}

extension FileStore {
    /// Stores a whole file.
    func put(
        _ chunks: [[UInt8]],
        key: FileKey = .sample,
        expected: MediaType? = nil
    ) async throws(FileStoreError) -> StoredFile {
        let upload = try await begin(key, metadata: FileMetadata(expected: expected))
        for chunk in chunks { try await upload.write(chunk) }
        return try await upload.finish(of: Array(chunks.joined()))
    }
}

extension FileUpload {
    func write(_ bytes: [UInt8]) async throws(FileStoreError) { try await write(ByteBuffer(bytes: bytes)) }

    /// Ends an upload of these bytes.
    func finish(of content: [UInt8]) async throws(FileStoreError) -> StoredFile {
        try await finish(
            ContentDigests(sha256: sha256Hexadecimal(content), md5: Array(Insecure.MD5.hash(data: content)))
        )
    }
}
