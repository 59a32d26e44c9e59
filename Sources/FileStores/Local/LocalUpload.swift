import Crypto

/// A file on its way into a local store.
///
/// Runs on a thread of its executor, where it may block.
actor LocalUpload: FileUpload {
    /// Exits: writing → finished, failed, ended; failed → writing (restart), ended; finished and ended have none.
    private enum Stage {
        case idle
        /// The hidden file is open and holds what was written.
        case writing(file: Int32)
        /// A call has failed; the hidden file, if there is still one, counts for nothing.
        case failed(file: Int32?)
        /// The file has its final name.
        case finished
        /// Aborted.
        case ended
    }

    private let directory: String
    private let fileName: String
    private let metadata: FileMetadata
    private let calls: FileSystemCalls
    private let executor: QueueExecutor

    private var stage = Stage.idle
    private var temporaryPath = ""
    private var size: Int64 = 0
    private var digest = SHA256()
    private var head: [UInt8] = []

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(
        directory: String,
        fileName: String,
        metadata: FileMetadata,
        _ calls: FileSystemCalls,
        _ executor: QueueExecutor
    ) {
        self.directory = directory
        self.fileName = fileName
        self.metadata = metadata
        self.calls = calls
        self.executor = executor
    }

    deinit {
        // Dropped without an end: the hidden file goes, off the thread that dropped it.
        let file: Int32? =
            switch stage {
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

    private var path: String { directory + "/" + fileName }

    /// Creates the hidden file, and the directories above it where they are missing.
    func open() throws(FileStoreError) {
        temporaryPath = directory + "/" + Leftover.makeName()
        do {
            stage = .writing(file: try calls.createFile(temporaryPath))
        } catch  where error.number == Leftover.noSuchFile {
            try makeDirectories(directory)
            stage = .writing(
                file: try attempt("create a file in", directory) { () throws(SystemError) in
                    try calls.createFile(temporaryPath)
                }
            )
        } catch {
            throw FileStoreError(error, action: "create a file in", path: directory)
        }
    }

    func write(_ bytes: [UInt8]) throws(FileStoreError) {
        let file = try openFile()
        var written = 0
        do throws(SystemError) {
            while written < bytes.count {
                written += try bytes.withUnsafeBytes { buffer in
                    let rest = UnsafeRawBufferPointer(rebasing: buffer[written...])
                    return Result { () throws(SystemError) in try calls.write(file, rest, size + Int64(written)) }
                }.get()
            }
        } catch {
            stage = .failed(file: file)
            throw FileStoreError(error, action: "write to", path: path)
        }
        size += Int64(bytes.count)
        bytes.withUnsafeBytes { digest.update(bufferPointer: $0) }
        if head.count < MediaType.decisiveBytes { head += bytes.prefix(MediaType.decisiveBytes - head.count) }
    }

    func restart() throws(FileStoreError) {
        switch stage {
        case .finished, .ended: throw ended()
        // A new file rather than the old one emptied: after a failed fsync nothing is certain about the old.
        case .writing(let file): discard(file)
        case .failed(let file): discard(file)
        case .idle: break
        }
        stage = .failed(file: nil)
        size = 0
        digest = SHA256()
        head = []
        try open()
    }

    func finish() throws(FileStoreError) -> StoredFile {
        let file = try openFile()
        do {
            try attempt("write to", path) { () throws(SystemError) in try calls.sync(file) }
            let stored = describe(file)
            try attempt("put", path) { () throws(SystemError) in try calls.rename(temporaryPath, path) }
            calls.close(file)
            stage = .failed(file: nil)
            try attempt("put", path) { () throws(SystemError) in try calls.syncDirectory(directory) }
            stage = .finished
            return stored
        } catch {
            if case .writing = stage { stage = .failed(file: file) }
            throw error
        }
    }

    func abort() {
        switch stage {
        case .writing(let file): discard(file)
        case .failed(let file): discard(file)
        case .finished: return
        case .idle, .ended: break
        }
        stage = .ended
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
            sha256: hexadecimal(digest.finalize()),
            mediaType: mediaType,
            entries: entries
        )
    }

    /// Creates a directory and those above it, each durable before the next.
    private func makeDirectories(_ path: String) throws(FileStoreError) {
        do {
            try calls.makeDirectory(path)
        } catch  where error.number == Leftover.fileExists {
            return
        } catch  where error.number == Leftover.noSuchFile {
            guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
                throw FileStoreError(error, action: "create the directory", path: path)
            }
            try makeDirectories(String(path[..<slash]))
            do {
                try calls.makeDirectory(path)
            } catch  where error.number == Leftover.fileExists {
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
        // What cannot be removed now is swept a day later.
        try? calls.remove(temporaryPath)
    }

    private func openFile() throws(FileStoreError) -> Int32 {
        guard case .writing(let file) = stage else { throw ended() }
        return file
    }

    private func ended() -> FileStoreError { FileStoreError(.uploadEnded, action: "go on with", path: path) }

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
