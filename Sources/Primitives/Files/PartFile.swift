#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file that gets its name when it is complete. Readers see the old file or the whole new one, also after a crash. All calls
/// block.
///
/// The bytes are written to a hidden file in the same folder, which ``commit()`` syncs and renames. Without it the hidden file is
/// removed when the value is released.
public final class PartFile {
    /// The file that ``commit()`` replaces.
    public let destination: String
    /// The open file, for its owner and mode. Do not close it.
    public let descriptor: Int32
    private let temporary: String
    private var isRenamed = false

    /// Creates the hidden file.
    ///
    /// - Parameters:
    ///   - destination: A path; its folder must exist.
    ///   - mode: The file's mode, from which the umask takes rights away.
    public init(for destination: String, mode: UInt32 = 0o666) throws(FileSystemError) {
        let name = ".payout-\(Hexadecimal.encoded((0..<16).map { _ in UInt8.random(in: .min ... .max) })).part"
        let folder = Self.folder(of: destination)
        self.destination = destination
        temporary = folder + "/" + name
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(mode))
        guard descriptor >= 0 else { throw FileSystemError(step: "open", path: temporary) }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        if !isRenamed { unlink(temporary) }
    }

    /// Appends bytes.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(FileSystemError) {
        var rest = bytes
        while !rest.isEmpty {
            let written = sendBytes(descriptor, rest.baseAddress, rest.count)
            if written > 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            } else if errno != EINTR {
                throw FileSystemError(step: "write", path: destination)
            }
        }
    }

    /// Discards what was written.
    public func truncate() throws(FileSystemError) {
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw FileSystemError(step: "truncate", path: destination)
        }
    }

    /// Makes the bytes durable, gives the file its name, and makes the name durable.
    public func commit() throws(FileSystemError) {
        guard fsync(descriptor) == 0 else { throw FileSystemError(step: "fsync", path: destination) }
        guard rename(temporary, destination) == 0 else { throw FileSystemError(step: "rename", path: destination) }
        isRenamed = true
        let folder = open(Self.folder(of: destination), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        // A folder that cannot be read cannot be synced: the file is complete all the same.
        guard folder >= 0 else { return }
        defer { close(folder) }
        // Some network file systems do not support this and do not need it.
        guard fsync(folder) == 0 || errno == EINVAL || errno == ENOTSUP else {
            throw FileSystemError(step: "fsync", path: destination)
        }
    }

    /// The folder of a path.
    public static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    }
}

/// A system call that failed for a file.
public struct FileSystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The call, for example `rename`.
    public var step: String
    /// The file.
    public var path: String
    /// The system's error number.
    public var number: Int32

    /// - Parameter number: The system's error number; nil for that of the call before.
    public init(step: String, path: String, number: Int32? = nil) {
        self.number = number ?? errno
        self.step = step
        self.path = path
    }

    /// What failed, for which file, and why.
    public var description: String { "Failed to store '\(path)': \(step): \(String(cString: strerror(number)))." }
}

/// `write`, where a method has the same name.
private func sendBytes(_ file: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int { write(file, bytes, count) }
