import NIOCore

/// The last bytes of a stream, as many as `ZipDirectory` may read. An object store's upload keeps them, since it cannot
/// read back what it has sent.
struct TailWindow {
    /// The longest comment and the records at the end of an archive, and the longest directory that is read.
    static let capacity = 65_535 + 22 + 20 + 56 + ZipDirectory.maximumBytes

    private var bytes: [UInt8] = []
    /// How many bytes were appended in all.
    private(set) var size: Int64 = 0

    mutating func append(_ chunk: ByteBufferView) {
        size += Int64(chunk.count)
        bytes += chunk.suffix(Self.capacity)
        // Trimmed periodically: each trim moves the bytes.
        if bytes.count > 2 * Self.capacity { bytes.removeFirst(bytes.count - Self.capacity) }
    }

    /// Bytes at an offset of the stream; fewer or none where they are not kept any more.
    func read(_ offset: Int64, _ count: Int) -> [UInt8] {
        let start = offset - (size - Int64(bytes.count))
        guard start >= 0, start <= Int64(bytes.count) else { return [] }
        return Array(bytes[Int(start)...].prefix(count))
    }
}
