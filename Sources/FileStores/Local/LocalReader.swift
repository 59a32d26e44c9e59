import Primitives

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reads whole files for `LocalFileStore`, on a thread that may block.
actor LocalReader {
    private let executor: QueueExecutor

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(executor: QueueExecutor) { self.executor = executor }

    /// - Returns: `nil` when there is no such file.
    func read(_ path: String, limit: Int) throws(FileStoreError) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            let number = errno
            if number == ENOENT { return nil }
            throw FileStoreError(SystemError(number: number), action: "read", path: path)
        }
        defer { close(file) }
        do throws(SystemError) {
            let bytes = try FileSystemCalls.system.read(file, limit + 1, 0)
            if bytes.count <= limit { return bytes }
        } catch {
            throw FileStoreError(error, action: "read", path: path)
        }
        throw FileStoreError(.fileTooLarge, action: "read", path: path)
    }
}
