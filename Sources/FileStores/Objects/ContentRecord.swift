import NIOCore

/// Size and samples of a file's content, updated with each chunk that ``ObjectUpload`` receives.
struct ContentRecord {
    private var size: Int64 = 0
    private var head: [UInt8] = []
    private var tail = TailWindow()

    mutating func append(_ bytes: ByteBufferView) {
        size += Int64(bytes.count)
        if head.count < MediaType.decisiveBytes { head += bytes.prefix(MediaType.decisiveBytes - head.count) }
        if head.first == UInt8(ascii: "P") { tail.append(bytes) }
    }

    func mediaType(_ metadata: FileMetadata) -> MediaType { MediaType(detecting: head, expected: metadata.expected) }

    func storedFile(at location: String, _ metadata: FileMetadata) -> StoredFile {
        let mediaType = mediaType(metadata)
        var entries: [FileEntry] = []
        if mediaType == .zip {
            entries = ZipDirectory(size: size) { tail.read($0, $1) }.entries() ?? []
        }
        return StoredFile(location: location, sizeBytes: size, mediaType: mediaType, entries: entries)
    }
}
