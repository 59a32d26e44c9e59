import NIOCore
import Primitives

/// An upload of one file to a `LocalFileStore`: writes a hidden file and renames it at the end.
///
/// Runs on a thread of its executor, where it may block.
actor LocalUpload: FileUpload {
    /// Exits: writing → finished, failed, ended; failed → writing (restart), ended; finished and ended have none.
    private enum State {
        case idle
        /// The hidden file is open and holds what was written.
        case writing(file: Int32)
        /// A call has failed; the hidden file, if it still exists, is not used any more.
        case failed(file: Int32?)
        /// The file has its final name.
        case finished
        /// Aborted.
        case ended
    }

    /// The file's directory, name and mode.
    struct Destination: Sendable {
        var directory: String
        var fileName: String
        var mode: FileMode
        var mount: MountWatch

        var path: String { directory + "/" + fileName }
    }

    private let destination: Destination
    private let metadata: FileMetadata
    private let calls: FileSystemCalls
    private let executor: QueueExecutor

    private var state = State.idle
    private var temporaryPath = ""
    private var size: Int64 = 0
    private var head: [UInt8] = []

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(
        _ destination: Destination,
        metadata: FileMetadata,
        _ calls: FileSystemCalls,
        _ executor: QueueExecutor
    ) {
        self.destination = destination
        self.metadata = metadata
        self.calls = calls
        self.executor = executor
    }

    deinit {
        // Released without finish(_:) or abort(): the hidden file is removed, on the executor's thread.
        let file: Int32? =
            switch state {
            case .writing(let file): file
            case .failed(let file): file
            case .idle, .finished, .ended: nil
            }
        guard let file else { return }
        executor.afterwards { [calls, temporaryPath] in
            calls.close(file)
            try? calls.remove(temporaryPath)
        }
    }

    private var path: String { destination.path }

    /// Creates the hidden file, and missing directories above it.
    func open() throws(FileStoreError) {
        try destination.mount.expectMounted()
        let directory = destination.directory
        temporaryPath = directory + "/" + Leftover.makeName()
        do {
            state = .writing(file: try calls.createFile(temporaryPath, destination.mode))
        } catch  where error.number == SystemError.noSuchFile {
            try makeDirectories(directory)
            state = .writing(
                file: try attempt("create a file in", directory) { () throws(SystemError) in
                    try calls.createFile(temporaryPath, destination.mode)
                }
            )
        } catch {
            throw FileStoreError(error, action: "create a file in", path: directory)
        }
    }

    func write(_ bytes: ByteBuffer) throws(FileStoreError) {
        let file = try openFile()
        var written = 0
        do throws(SystemError) {
            while written < bytes.readableBytes {
                written += try bytes.withUnsafeReadableBytes { buffer in
                    let rest = UnsafeRawBufferPointer(rebasing: buffer[written...])
                    return Result { () throws(SystemError) in try calls.write(file, rest, size + Int64(written)) }
                }.get()
            }
        } catch {
            state = .failed(file: file)
            throw FileStoreError(error, action: "write to", path: path)
        }
        size += Int64(bytes.readableBytes)
        if head.count < MediaType.decisiveBytes {
            head += bytes.readableBytesView.prefix(MediaType.decisiveBytes - head.count)
        }
    }

    func restart() throws(FileStoreError) {
        switch state {
        case .finished, .ended: throw ended()
        // A new file instead of truncating the old one: after a failed fsync the old file's state is unknown.
        case .writing(let file): discard(file)
        case .failed(let file): discard(file)
        case .idle: break
        }
        state = .failed(file: nil)
        size = 0
        head = []
        try open()
    }

    func finish(_ digests: ContentDigests) throws(FileStoreError) -> StoredFile {
        let file = try openFile()
        do {
            try attempt("write to", path) { () throws(SystemError) in try calls.sync(file) }
            let stored = describe(file)
            try destination.mount.expectMounted()
            try attempt("store", path) { () throws(SystemError) in try calls.rename(temporaryPath, path) }
            calls.close(file)
            state = .failed(file: nil)
            try attempt("store", path) { () throws(SystemError) in try calls.syncDirectory(destination.directory) }
            state = .finished
            return stored
        } catch {
            if case .writing = state { state = .failed(file: file) }
            throw error
        }
    }

    func abort() {
        switch state {
        case .writing(let file): discard(file)
        case .failed(let file): discard(file)
        case .finished: return
        case .idle, .ended: break
        }
        state = .ended
    }

    // MARK: Parts

    private func describe(_ file: Int32) -> StoredFile {
        let mediaType = MediaType(detecting: head, expected: metadata.expected)
        var entries: [FileEntry] = []
        if mediaType == .zip {
            let archive = ZipDirectory(size: size) { [calls] offset, count in
                (try? calls.read(file, count, offset)) ?? []
            }
            entries = archive.entries() ?? []
        }
        return StoredFile(
            location: fileURL(path),
            sizeBytes: size,
            mediaType: mediaType,
            entries: entries
        )
    }

    /// Creates a directory and those above it, each made durable before the next.
    private func makeDirectories(_ path: String) throws(FileStoreError) {
        do {
            try calls.makeDirectory(path, destination.mode)
        } catch  where error.number == SystemError.fileExists {
            return
        } catch  where error.number == SystemError.noSuchFile {
            guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
                throw FileStoreError(error, action: "create the directory", path: path)
            }
            try makeDirectories(String(path[..<slash]))
            do {
                try calls.makeDirectory(path, destination.mode)
            } catch  where error.number == SystemError.fileExists {
                return
            } catch {
                throw FileStoreError(error, action: "create the directory", path: path)
            }
        } catch {
            throw FileStoreError(error, action: "create the directory", path: path)
        }
        guard let slash = path.lastIndex(of: "/") else { return }
        let parent = slash > path.startIndex ? String(path[..<slash]) : "/"
        try attempt("create the directory", path) { () throws(SystemError) in try calls.syncDirectory(parent) }
    }

    private func discard(_ file: Int32?) {
        guard let file else { return }
        calls.close(file)
        // A file that cannot be removed now is swept a day later.
        try? calls.remove(temporaryPath)
    }

    private func openFile() throws(FileStoreError) -> Int32 {
        guard case .writing(let file) = state else { throw ended() }
        return file
    }

    private func ended() -> FileStoreError {
        FileStoreError(.uploadEnded, action: "continue the upload of", path: path)
    }

    private func attempt<Result>(
        _ action: String,
        _ path: String,
        _ call: () throws(SystemError) -> Result
    ) throws(FileStoreError) -> Result {
        do {
            return try call()
        } catch {
            throw FileStoreError(error, action: action, path: path)
        }
    }
}
