import Primitives

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The hidden files that uploads to a local store write to, which a crash leaves behind.
enum Leftover {
    private static let prefix = ".payout-export-"
    private static let suffix = ".part"
    private static let tokenLength = 32

    /// The age in seconds, since the last write, after which a hidden file is not part of an upload in progress.
    static let age: Int64 = 86_400

    /// A unique name. It cannot be a stored file's name: no part of a key begins with a dot.
    static func makeName() -> String {
        let token = (0..<2).map { _ in UInt64.random(in: .min ... .max) }
        let bytes = token.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) } }
        return prefix + Hexadecimal.encoded(bytes) + suffix
    }

    /// Whether a file's name is one of ``makeName()``.
    static func isLeftover(_ name: String) -> Bool {
        name.hasPrefix(prefix) && name.hasSuffix(suffix)
            && name.utf8.count == prefix.utf8.count + tokenLength + suffix.utf8.count
    }
}

/// Walks through the directories of a `LocalFileStore` and removes leftovers of crashed uploads.
actor LeftoverSweep {
    /// Deeper than any key.
    private static let maximumDepth = 40

    private let root: String
    private let executor: QueueExecutor

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(root: String, executor: QueueExecutor) {
        self.root = root
        self.executor = executor
    }

    /// Removes leftovers, and returns how many. What cannot be read or removed is left for the next sweep.
    func run() -> Int {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return sweep(root, before: Int64(now.tv_sec) - Leftover.age, depth: 0)
    }

    /// - Parameter limit: Removes files that were last written before, in seconds since 1970.
    private func sweep(_ directory: String, before limit: Int64, depth: Int) -> Int {
        guard depth < Self.maximumDepth, !Task.isCancelled else { return 0 }
        var removed = 0
        // All names are read first, so that only one directory is open at a time.
        for name in Self.names(in: directory) {
            let path = directory + "/" + name
            var status = stat()
            guard lstat(path, &status) == 0 else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                removed += sweep(path, before: limit, depth: depth + 1)
            case S_IFREG where Leftover.isLeftover(name) && Int64(status.st_mtim.tv_sec) < limit:
                if unlink(path) == 0 { removed += 1 }
            default: continue
            }
        }
        return removed
    }

    private static func names(in directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            // The system ends the name with a zero byte within the field.
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let name, name != ".", name != ".." else { continue }
            names.append(name)
        }
        return names
    }
}
