#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An `errno` of a system call, before it is classified as a ``FileStoreError``.
struct SystemError: Error, Hashable {
    /// The number of a missing file or directory.
    static let noSuchFile = ENOENT
    /// The number of a file or directory that already exists.
    static let fileExists = EEXIST

    var number: Int32
}

/// The system calls that a local store makes. Tests replace them to make each of them fail.
///
/// All of them block.
struct FileSystemCalls: Sendable {
    /// Creates a directory with a mode, whatever the umask.
    var makeDirectory: @Sendable (_ path: String, _ mode: FileMode) throws(SystemError) -> Void
    /// Creates a file that must not exist, for reading and writing, with a mode, whatever the umask.
    var createFile: @Sendable (_ path: String, _ mode: FileMode) throws(SystemError) -> Int32
    /// Writes some of the bytes and returns how many.
    var write: @Sendable (_ file: Int32, _ bytes: UnsafeRawBufferPointer, _ offset: Int64) throws(SystemError) -> Int
    /// Reads up to `count` bytes.
    var read: @Sendable (_ file: Int32, _ count: Int, _ offset: Int64) throws(SystemError) -> [UInt8]
    /// Makes a file's bytes durable (`fsync`).
    var sync: @Sendable (_ file: Int32) throws(SystemError) -> Void
    /// Makes a directory's entries durable (`fsync`).
    var syncDirectory: @Sendable (_ path: String) throws(SystemError) -> Void
    /// Gives a file its final name, replacing a file that has it.
    var rename: @Sendable (_ from: String, _ to: String) throws(SystemError) -> Void
    /// Removes a file.
    var remove: @Sendable (_ path: String) throws(SystemError) -> Void
    /// The device number of a directory's file system.
    var device: @Sendable (_ path: String) throws(SystemError) -> UInt64
    /// Closes a file.
    var close: @Sendable (_ file: Int32) -> Void
}

extension FileSystemCalls {
    /// The system's own calls.
    static let system = FileSystemCalls(
        makeDirectory: { path, mode throws(SystemError) in
            _ = try checked { Int(mkdir(path, mode_t(mode.folderBits))) }
            var status = stat()
            _ = try checked { Int(stat(path, &status)) }
            // Inherited set-group-ID and sticky bits are kept.
            let kept = status.st_mode & (mode_t(S_ISGID) | mode_t(S_ISVTX))
            try permitted { Int(chmod(path, mode_t(mode.folderBits) | kept)) }
        },
        createFile: { path, mode throws(SystemError) in
            let flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
            let file = Int32(try checked { Int(open(path, flags, mode_t(mode.bits))) })
            do throws(SystemError) {
                try permitted { Int(fchmod(file, mode_t(mode.bits))) }
            } catch {
                closeFile(file)
                _ = unlink(path)
                throw error
            }
            return file
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
                // Some network file systems do not support this and do not need it.
            }
        },
        rename: { from, to throws(SystemError) in _ = try checked { Int(renameFile(from, to)) } },
        remove: { path throws(SystemError) in _ = try checked { Int(unlink(path)) } },
        device: { path throws(SystemError) in
            var status = stat()
            _ = try checked { Int(stat(path, &status)) }
            return UInt64(truncatingIfNeeded: status.st_dev)
        },
        close: { file in closeFile(file) }
    )
}

// In the initializer above these names mean the struct's own members.
private func closeFile(_ file: Int32) { _ = close(file) }
private func renameFile(_ from: String, _ to: String) -> Int32 { rename(from, to) }

/// Repeats a call that a signal has interrupted, and turns a negative result into an error.
private func checked(_ call: () -> Int) throws(SystemError) -> Int {
    while true {
        let result = call()
        guard result < 0 else { return result }
        let number = errno
        guard number == EINTR else { throw SystemError(number: number) }
    }
}

/// Makes a call that sets a mode. File systems without modes, or with modes set by the mount, refuse it: that is no error.
private func permitted(_ call: () -> Int) throws(SystemError) {
    do throws(SystemError) {
        _ = try checked(call)
    } catch  where [EPERM, ENOTSUP, ENOSYS].contains(error.number) {
        return
    }
}

extension FileStoreError {
    /// Classifies an error of the system.
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
