import Primitives

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

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
            path = target.hasPrefix("/") ? target : PartFile.folder(of: path) + "/" + target
        }
        self.path = path
    }

    // MARK: - Checking

    /// Checks whether the file can be replaced, as far as possible without writing. A folder and a mount point cannot be
    /// replaced, and replacing a device would remove it from the machine.
    func checkReplaceable() throws(FileSystemError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT else { throw FileSystemError(step: "lstat", path: path) }
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw FileSystemError(step: "type", path: path, number: EISDIR)
        default: throw FileSystemError(step: "type", path: path, number: EINVAL)
        }
        if isMountPoint { throw FileSystemError(step: "rename", path: path, number: EBUSY) }
    }

    /// Checks whether the file, if it exists, can be read.
    func checkReadable() throws(FileSystemError) {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        if file >= 0 {
            close(file)
        } else if errno != ENOENT {
            throw FileSystemError(step: "read", path: path)
        }
    }

    /// Checks the folder, its permissions and the free space: writes a file next to this one and removes it.
    ///
    /// - Parameter size: The number of bytes to write.
    func checkRoom(for size: Int) throws(FileSystemError) {
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
    func replace(with content: String) throws(FileSystemError) {
        try checkReplaceable()
        let file = try PartFile(for: path, mode: 0o600)
        try giveToOwner(file.descriptor)
        try Array(content.utf8).withUnsafeBytes { bytes in
            Result { () throws(FileSystemError) in try file.write(bytes) }
        }.get()
        guard fchmod(file.descriptor, 0o600) == 0 else { throw FileSystemError(step: "chmod", path: path) }
        try file.commit()
    }

    /// Gives the file to the worker's user when an administrator writes it: to the owner of the present file, or of the
    /// folder where there is no file or an administrator owns it.
    private func giveToOwner(_ file: Int32) throws(FileSystemError) {
        guard geteuid() == 0 else { return }
        var status = stat()
        if lstat(path, &status) != 0 || status.st_uid == 0 {
            guard stat(PartFile.folder(of: path), &status) == 0, status.st_uid != 0 else { return }
        }
        guard fchown(file, status.st_uid, status.st_gid) == 0 else {
            throw FileSystemError(step: "chown", path: path)
        }
    }
}

/// Whether there is no such file, as opposed to one whose metadata cannot be read. Blocks.
func isAbsent(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) != 0 && errno == ENOENT
}
