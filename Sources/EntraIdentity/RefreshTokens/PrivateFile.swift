import Primitives

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The error of a ``PrivateFile`` that cannot be replaced.
struct FileReplacementError: Error {
    /// The step that failed, for example `rename`; `type` where the path is not a regular file.
    let step: String
    /// The system's error number.
    let code: Int32
}

/// A small file that only its owner may read, replaced atomically. `RefreshTokenFile` saves tokens with it. All calls block.
struct PrivateFile {
    /// The file itself: a symbolic link at the end of the path is followed, so that it stays when the file is replaced.
    let path: String

    private static let longestChain = 40

    /// - Parameter path: The file; it need not exist, its folder must.
    init(_ path: String) {
        var path = path
        for _ in 0..<Self.longestChain {
            var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
            let count = readlink(path, &buffer, buffer.count)
            guard count > 0 else { break }
            let target = String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
            path = target.hasPrefix("/") ? target : Self.folder(of: path) + "/" + target
        }
        self.path = path
    }

    private var folder: String { Self.folder(of: path) }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    }

    // MARK: - Checking

    /// Checks whether the file can be replaced, as far as possible without writing. A folder and a mount point cannot be
    /// replaced, and replacing a device would remove it from the machine.
    func checkReplaceable() throws(FileReplacementError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT else { throw FileReplacementError(step: "lstat", code: errno) }
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw FileReplacementError(step: "type", code: EISDIR)
        default: throw FileReplacementError(step: "type", code: EINVAL)
        }
        if isMountPoint { throw FileReplacementError(step: "rename", code: EBUSY) }
    }

    /// Checks whether the file, if it exists, can be read.
    func checkReadable() throws(FileReplacementError) {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        if file >= 0 {
            close(file)
        } else if errno != ENOENT {
            throw FileReplacementError(step: "read", code: errno)
        }
    }

    /// Checks the folder, its permissions and the free space: writes a file next to this one and removes it.
    ///
    /// - Parameter size: The number of bytes to write.
    func checkRoom(for size: Int) throws(FileReplacementError) {
        let trial = PrivateFile("\(path).\(UInt32.random(in: .min ... .max)).check")
        try trial.replace(with: String(repeating: " ", count: size))
        unlink(trial.path)
    }

    private var isMountPoint: Bool {
        guard let resolved = realpath(path, nil) else { return false }
        defer { free(resolved) }
        guard let table = SmallFile.beginning(of: "/proc/self/mountinfo", limit: 1 << 20) else { return false }
        return Self.mountPoints(in: String(decoding: table, as: UTF8.self)).contains(String(cString: resolved))
    }

    /// The mount points in Linux's `mountinfo`: the fifth field of each line, with blanks and backslashes in octal.
    static func mountPoints(in table: String) -> Set<String> {
        Set(
            table.split(separator: "\n").compactMap { line in
                let fields = line.split(separator: " ")
                guard fields.count > 4 else { return nil }
                return [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
                    .reduce(String(fields[4])) { $0.replacing($1.0, with: $1.1) }
            }
        )
    }

    // MARK: - Replacing

    /// Replaces the content atomically: after a crash the file has the old content or the new.
    func replace(with content: String) throws(FileReplacementError) {
        try checkReplaceable()
        let temporary = "\(path).\(getpid()).\(UInt32.random(in: .min ... .max)).tmp"
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw FileReplacementError(step: "open", code: errno) }
        do throws(FileReplacementError) {
            try write(content, to: file)
            guard rename(temporary, path) == 0 else { throw FileReplacementError(step: "rename", code: errno) }
        } catch {
            unlink(temporary)
            throw error
        }
        // The rename is durable once the folder is synced. A folder that cannot be synced is no error.
        let directory = open(folder, O_RDONLY | O_CLOEXEC)
        if directory >= 0 {
            fsync(directory)
            close(directory)
        }
    }

    private func write(_ content: String, to file: Int32) throws(FileReplacementError) {
        defer { close(file) }
        try giveToOwner(file)
        var rest = Array(content.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { sendBytes(file, $0.baseAddress, $0.count) }
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if errno != EINTR {
                throw FileReplacementError(step: "write", code: errno)
            }
        }
        guard fchmod(file, 0o600) == 0 else { throw FileReplacementError(step: "chmod", code: errno) }
        guard fsync(file) == 0 else { throw FileReplacementError(step: "fsync", code: errno) }
    }

    /// Gives the file to the worker's user when an administrator writes it: to the owner of the present file, or of the
    /// folder where there is no file or an administrator owns it.
    private func giveToOwner(_ file: Int32) throws(FileReplacementError) {
        guard geteuid() == 0 else { return }
        var status = stat()
        if lstat(path, &status) != 0 || status.st_uid == 0 {
            guard stat(folder, &status) == 0, status.st_uid != 0 else { return }
        }
        guard fchown(file, status.st_uid, status.st_gid) == 0 else {
            throw FileReplacementError(step: "chown", code: errno)
        }
    }
}

/// Whether there is no such file, as opposed to one whose metadata cannot be read. Blocks.
func isAbsent(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) != 0 && errno == ENOENT
}

/// `write`, where a method has the same name.
private func sendBytes(_ file: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int { write(file, bytes, count) }
