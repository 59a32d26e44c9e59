import Synchronization

/// A store in a directory, for `file:///…` locations.
///
/// A file is written under a hidden, unique name in the directory where it belongs, brought to the device,
/// and renamed: under its own name there is a whole file or none, also after a crash or a power failure.
/// Files and directories are created with what the umask leaves of 0666 and 0777.
public final class LocalFileStore: FileStore {
    /// The directory, absolute, without a slash at the end.
    public let root: String

    private let calls: FileSystemCalls
    /// Each upload stays on one of these threads.
    private let executors: [QueueExecutor]
    private let nextExecutor = Atomic<Int>(0)
    private let maintenanceExecutor = QueueExecutor(label: "file-store-maintenance")

    /// Creates a store. The directory is created when it is first needed.
    ///
    /// - Parameters:
    ///   - root: An absolute path.
    ///   - threads: How many uploads may block on the disk at the same time.
    public convenience init(root: String, threads: Int = 4) {
        self.init(root: root, threads: threads, calls: .system)
    }

    init(root: String, threads: Int = 4, calls: FileSystemCalls) {
        self.root = root
        self.calls = calls
        self.executors = (0..<max(1, threads)).map { QueueExecutor(label: "file-store-\($0)") }
    }

    /// The directory as a URL.
    public var location: String { fileURL(root) }

    /// Creates the directory and tries to write a file there.
    public func check() async throws(FileStoreError) {
        let upload = LocalUpload(
            directory: root,
            fileName: "check",
            metadata: FileMetadata(),
            calls,
            maintenanceExecutor
        )
        try await upload.open()
        do {
            try await upload.write([0])
        } catch {
            await upload.abort()
            throw error
        }
        await upload.abort()
    }

    /// Begins to put a file.
    public func begin(_ key: FileKey, metadata: FileMetadata) async throws(FileStoreError) -> any FileUpload {
        let index = nextExecutor.wrappingAdd(1, ordering: .relaxed).oldValue
        let directory = ([root] + key.parts.dropLast()).joined(separator: "/")
        let upload = LocalUpload(
            directory: directory,
            fileName: key.parts[key.parts.count - 1],
            metadata: metadata,
            calls,
            executors[Int(UInt(bitPattern: index) % UInt(executors.count))]
        )
        try await upload.open()
        return upload
    }

    /// Reads a file of this store back.
    public func read(_ location: String, limit: Int) async throws(FileStoreError) -> [UInt8]? {
        guard location.hasPrefix(self.location + "/") else {
            throw FileStoreError(.invalidLocation, action: "read", path: "a file outside of \(self.location)")
        }
        let path = try FileStoreFactory.localPath(location.dropFirst("file:".count))
        return try await LocalReader(executor: maintenanceExecutor).read(path, limit: limit)
    }

    /// Removes the hidden files of uploads that have not been written to for a day, in all directories of the store.
    ///
    /// Takes a while in a large store, on a thread of its own; cancelling the task ends it.
    public func sweep() async throws(FileStoreError) -> Int {
        await LeftoverSweep(root: root, executor: maintenanceExecutor).run()
    }
}

/// A path as a file URL.
func fileURL(_ path: String) -> String {
    var bytes = Array("file://".utf8)
    for byte in path.utf8 {
        if FileKey.isHarmless(byte) || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "~") {
            bytes.append(byte)
        } else {
            FileKey.appendEscape(byte, to: &bytes)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}
