#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What tells whether a file is still the one that was read.
struct FileSignature: Equatable {
    private let device: UInt64
    private let inode: UInt64
    private let size: Int64
    private let modifiedSeconds: Int
    private let modifiedNanoseconds: Int

    /// Nil when the file is not there or may not be looked at. Links are followed.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.device = UInt64(truncatingIfNeeded: status.st_dev)
        self.inode = UInt64(truncatingIfNeeded: status.st_ino)
        self.size = Int64(status.st_size)
        #if canImport(Darwin)
            self.modifiedSeconds = status.st_mtimespec.tv_sec
            self.modifiedNanoseconds = status.st_mtimespec.tv_nsec
        #else
            self.modifiedSeconds = Int(status.st_mtim.tv_sec)
            self.modifiedNanoseconds = Int(status.st_mtim.tv_nsec)
        #endif
    }
}

/// A file could not be replaced.
struct FileReplacementError: Error {
    /// The step that failed, for example `rename`.
    let step: String
    /// The system's error number.
    let code: Int32
}

/// Replaces a small file's content in one step: a crash leaves the old content or the new, never a part.
/// Only the owner may read the file.
///
/// - Parameters:
///   - path: The file; it need not exist, its folder must.
///   - content: The new content.
func replacePrivateFile(at path: String, with content: String) throws(FileReplacementError) {
    let slash = path.lastIndex(of: "/")
    let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let temporary = "\(path).\(getpid()).\(UInt32.random(in: .min ... .max)).tmp"
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw FileReplacementError(step: "open", code: errno) }
    do throws(FileReplacementError) {
        try writeAndSync(content, to: file)
        guard rename(temporary, path) == 0 else { throw FileReplacementError(step: "rename", code: errno) }
    } catch {
        unlink(temporary)
        throw error
    }
    // The new name is only durable once the folder is; where a folder cannot be synced there is nothing to do.
    let directory = open(folder, O_RDONLY | O_CLOEXEC)
    if directory >= 0 {
        fsync(directory)
        close(directory)
    }
}

private func writeAndSync(_ content: String, to file: Int32) throws(FileReplacementError) {
    var rest = Array(content.utf8)[...]
    var failure: FileReplacementError?
    while !rest.isEmpty, failure == nil {
        let written = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        if written > 0 {
            rest = rest.dropFirst(written)
        } else if errno != EINTR {
            failure = FileReplacementError(step: "write", code: errno)
        }
    }
    if failure == nil, fchmod(file, 0o600) != 0 { failure = FileReplacementError(step: "chmod", code: errno) }
    if failure == nil, fsync(file) != 0 { failure = FileReplacementError(step: "fsync", code: errno) }
    close(file)
    if let failure { throw failure }
}
