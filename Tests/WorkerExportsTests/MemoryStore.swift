import NIOCore
import Synchronization

@testable import FileStores

/// A store that keeps files in memory, with scripted failures.
final class MemoryStore: FileStore {
    struct Faults: Sendable {
        var begin: FileStoreError?
        var write: FileStoreError?
        var finish: FileStoreError?
    }

    let location = "s3://memory"
    private let state = Mutex<(files: [String: [UInt8]], aborted: Int, faults: Faults)>(([:], 0, Faults()))

    var files: [String: [UInt8]] { state.withLock { $0.files } }
    var aborted: Int { state.withLock { $0.aborted } }
    var faults: Faults {
        get { state.withLock { $0.faults } }
        set { state.withLock { $0.faults = newValue } }
    }

    func check() async throws(FileStoreError) {}
    func read(_ location: String, limit: Int) async throws(FileStoreError) -> [UInt8]? { files[location] }

    func begin(_ key: FileKey, metadata: FileMetadata) async throws(FileStoreError) -> any FileUpload {
        if let error = faults.begin { throw error }
        return Upload(self, location + "/" + key.description)
    }

    private func put(_ name: String, _ bytes: [UInt8]) { state.withLock { $0.files[name] = bytes } }
    private func countAbort() { state.withLock { $0.aborted += 1 } }

    private actor Upload: FileUpload {
        private let store: MemoryStore
        private let name: String
        private var bytes: [UInt8] = []

        init(_ store: MemoryStore, _ name: String) {
            self.store = store
            self.name = name
        }

        func write(_ bytes: ByteBuffer) throws(FileStoreError) {
            if let error = store.faults.write { throw error }
            self.bytes += bytes.readableBytesView
        }

        func restart() { bytes = [] }

        func finish(_ digests: ContentDigests) throws(FileStoreError) -> StoredFile {
            if let error = store.faults.finish { throw error }
            store.put(name, bytes)
            return StoredFile(location: name, sizeBytes: Int64(bytes.count), mediaType: MediaType(detecting: bytes))
        }

        func abort() { store.countAbort() }
    }
}
