#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An error of the system, before anybody knows what it means for a file.
struct SystemError: Error, Hashable {
    var number: Int32
}

/// The calls on files that a local store makes, one by one, so that a test can let each of them fail.
///
/// All of them block.
struct FileSystemCalls: Sendable {
    /// Creates a directory with what the umask leaves of 0777.
    var makeDirectory: @Sendable (_ path: String) throws(SystemError) -> Void
    /// Creates a file that must not exist, with what the umask leaves of 0666, for reading and writing.
    var createFile: @Sendable (_ path: String) throws(SystemError) -> Int32
    /// Writes some of the bytes and says how many.
    var write: @Sendable (_ file: Int32, _ bytes: UnsafeRawBufferPointer, _ offset: Int64) throws(SystemError) -> Int
    /// Reads up to `count` bytes.
    var read: @Sendable (_ file: Int32, _ count: Int, _ offset: Int64) throws(SystemError) -> [UInt8]
    /// Brings a file's bytes to the device.
    var sync: @Sendable (_ file: Int32) throws(SystemError) -> Void
    /// Brings a directory's entries to the device.
    var syncDirectory: @Sendable (_ path: String) throws(SystemError) -> Void
    /// Gives a file its final name, in place of what has it.
    var rename: @Sendable (_ from: String, _ to: String) throws(SystemError) -> Void
    /// Removes a file.
    var remove: @Sendable (_ path: String) throws(SystemError) -> Void
    /// Closes a file.
    var close: @Sendable (_ file: Int32) -> Void
}

extension FileSystemCalls {
    /// The system's own calls.
    static let system = FileSystemCalls(
        makeDirectory: { path throws(SystemError) in _ = try checked { Int(mkdir(path, 0o777)) } },
        createFile: { path throws(SystemError) in
            let flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
            return Int32(try checked { Int(open(path, flags, 0o666)) })
        },
        write: { file, bytes, offset throws(SystemError) in
            try checked { pwrite(file, bytes.baseAddress, bytes.count, off_t(offset)) }
        },
        read: { file, count, offset throws(SystemError) in
            var bytes = [UInt8](repeating: 0, count: count)
            var filled = 0
            while filled < count {
                let read = try checked {
                    bytes.withUnsafeMutableBytes { buffer in
                        pread(
                            file,
                            buffer.baseAddress?.advanced(by: filled),
                            count - filled,
                            off_t(offset) + off_t(filled)
                        )
                    }
                }
                guard read > 0 else { break }
                filled += read
            }
            return Array(bytes.prefix(filled))
        },
        sync: { file throws(SystemError) in _ = try checked { Int(fsync(file)) } },
        syncDirectory: { path throws(SystemError) in
            let directory = Int32(try checked { Int(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) })
            defer { closeFile(directory) }
            do throws(SystemError) {
                _ = try checked { Int(fsync(directory)) }
            } catch  where error.number == EINVAL {
                // Some network file systems cannot do this and do not need it.
            }
        },
        rename: { from, to throws(SystemError) in _ = try checked { Int(renameFile(from, to)) } },
        remove: { path throws(SystemError) in _ = try checked { Int(unlink(path)) } },
        close: { file in closeFile(file) }
    )
}

// In the initializer above these names mean the struct's own members.
private func closeFile(_ file: Int32) { _ = close(file) }
private func renameFile(_ from: String, _ to: String) -> Int32 { rename(from, to) }

/// Calls again after a signal, and turns a negative result into an error.
private func checked(_ call: () -> Int) throws(SystemError) -> Int {
    while true {
        let result = call()
        guard result < 0 else { return result }
        let number = errno
        guard number == EINTR else { throw SystemError(number: number) }
    }
}

extension FileStoreError {
    /// What a system's error means for a file.
    init(_ error: SystemError, action: String, path: String) {
        let kind: Kind =
            switch error.number {
            case ENOSPC: .noSpace
            case EDQUOT: .quotaExceeded
            case EROFS: .readOnly
            case EACCES, EPERM: .accessDenied
            case ENOTDIR, EEXIST: .notADirectory
            case EISDIR, ENOTEMPTY: .nameTaken
            case ENAMETOOLONG, ELOOP: .nameTooLong
            case EFBIG: .fileTooLarge
            case EMFILE, ENFILE, ENOMEM: .tooManyOpenFiles
            case ENOENT, ESTALE: .vanished
            default: .ioFailure
            }
        self.init(kind, action: action, path: path, systemError: error.number)
    }
}
