import NIOCore
import Primitives
import Synchronization

/// A store in a directory, for `file:///…` locations.
///
/// Writes are atomic, also under a crash or a power failure: a file is written under a hidden, unique name in its final
/// directory, synced to the device, and renamed. Files and directories are created with the configured mode, whatever the
/// umask.
public final class LocalFileStore: FileStore {
    /// The directory, absolute, without a slash at the end.
    public let root: String

    private let calls: FileSystemCalls
    private let mode: FileMode
    private let mount: MountWatch
    /// Each upload stays on one of these threads.
    private let executors: [QueueExecutor]
    private let nextExecutor = Atomic<Int>(0)
    private let maintenanceExecutor = QueueExecutor(label: "file-store-maintenance")

    /// Creates a store. The directory is created when it is first needed.
    ///
    /// - Parameters:
    ///   - root: An absolute path.
    ///   - threads: How many uploads may block on the disk at the same time.
    ///   - mode: Who may read and write the files.
    public convenience init(root: String, threads: Int = 4, mode: FileMode = .standard) {
        self.init(root: root, threads: threads, mode: mode, calls: .system)
    }

    init(root: String, threads: Int = 4, mode: FileMode = .standard, calls: FileSystemCalls) {
        self.root = root
        self.calls = calls
        self.mode = mode
        mount = MountWatch(root: root, calls)
        self.executors = (0..<max(1, threads)).map { QueueExecutor(label: "file-store-\($0)") }
    }

    /// The directory as a URL.
    public var location: String { fileURL(root) }

    /// Creates the directory, and writes and removes a file there.
    public func check() async throws(FileStoreError) {
        let upload = upload(directory: root, fileName: "check", metadata: FileMetadata(), maintenanceExecutor)
        try await upload.open()
        do {
            try await upload.write(ByteBuffer(bytes: [0]))
        } catch {
            await upload.abort()
            throw error
        }
        await upload.abort()
    }

    /// Begins an upload: creates the hidden file.
    public func begin(_ key: FileKey, metadata: FileMetadata) async throws(FileStoreError) -> any FileUpload {
        let index = nextExecutor.wrappingAdd(1, ordering: .relaxed).oldValue
        let directory = ([root] + key.parts.dropLast()).joined(separator: "/")
        let upload = upload(
            directory: directory,
            fileName: key.parts[key.parts.count - 1],
            metadata: metadata,
            executors[Int(UInt(bitPattern: index) % UInt(executors.count))]
        )
        try await upload.open()
        return upload
    }

    private func upload(
        directory: String,
        fileName: String,
        metadata: FileMetadata,
        _ executor: QueueExecutor
    ) -> LocalUpload {
        LocalUpload(
            LocalUpload.Destination(directory: directory, fileName: fileName, mode: mode, mount: mount),
            metadata: metadata,
            calls,
            executor
        )
    }

    /// Reads a file of this store.
    public func read(_ location: String, limit: Int) async throws(FileStoreError) -> [UInt8]? {
        guard location.hasPrefix(self.location + "/") else {
            throw FileStoreError(.invalidLocation, action: "read", path: "a file outside of \(self.location)")
        }
        let path = try FileStoreFactory.localPath(location.dropFirst("file:".count))
        return try await LocalReader(executor: maintenanceExecutor).read(path, limit: limit)
    }

    /// Removes hidden files of uploads that were not written to for a day, in all directories of the store.
    ///
    /// Takes a while in a large store, on a thread of its own; cancelling the task ends it.
    public func sweep() async throws(FileStoreError) -> Int {
        await LeftoverSweep(root: root, executor: maintenanceExecutor).run()
    }
}

/// A path as a file URL.
func fileURL(_ path: String) -> String {
    "file://" + path.percentEncoded { FileKey.isHarmless($0) || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "~") }
}
