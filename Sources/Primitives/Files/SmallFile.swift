#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reads small files that other processes replace while this one runs: secrets, tokens, profiles.
public enum SmallFile {
    /// The most that such a file may hold, in bytes.
    public static let maximumSize = 64 * 1_024

    /// The bytes of a file. Blocks.
    ///
    /// - Returns: Nil when the file cannot be read or is larger than ``maximumSize``.
    public static func contents(of path: String) -> [UInt8]? {
        guard let bytes = beginning(of: path, limit: maximumSize + 1) else { return nil }
        return bytes.count <= maximumSize ? bytes : nil
    }

    /// The first bytes of a file. Blocks; whatever the path leads to, no more than `limit` bytes are read.
    ///
    /// - Returns: Nil when the file cannot be read.
    public static func beginning(of path: String, limit: Int) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: limit)
        var filled = 0
        while filled < limit {
            let count = bytes.withUnsafeMutableBytes {
                read(file, $0.baseAddress?.advanced(by: filled), limit - filled)
            }
            if count == 0 { break }
            if count > 0 {
                filled += count
            } else if errno != EINTR {
                return nil
            }
        }
        bytes.removeSubrange(filled...)
        return bytes
    }
}
