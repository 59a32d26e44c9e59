/// Lists the members of a ZIP archive by its central directory (PKWARE's APPNOTE, sections 4.3.12 to 4.3.16), without
/// unpacking it. Uploads use it for ``StoredFile/entries``.
///
/// An archive that is damaged, spans disks, or exceeds the limits has no list: no more bytes than the limits allow are
/// read, whatever the archive claims.
struct ZipDirectory {
    /// More members than this are not listed.
    static let maximumEntries = 256
    /// A longer central directory is not read.
    static let maximumBytes = 128 * 1_024
    /// A longer member's name is not listed.
    static let maximumNameBytes = 1_024

    /// The archive's size in bytes.
    let size: Int64
    /// Reads bytes at an offset; fewer or none beyond the end.
    let read: (_ offset: Int64, _ count: Int) -> [UInt8]

    /// The archive's members without its directories; `nil` when there is no list.
    func entries() -> [FileEntry]? {
        guard let directory = locate(),
            directory.count <= UInt64(Self.maximumEntries), directory.length <= UInt64(Self.maximumBytes),
            directory.offset <= UInt64(size), directory.length <= UInt64(size) - directory.offset
        else { return nil }
        let bytes = read(Int64(directory.offset), Int(directory.length))
        guard bytes.count == Int(directory.length) else { return nil }
        var entries: [FileEntry] = []
        var position = 0
        for _ in 0..<Int(directory.count) {
            guard let entry = Self.entry(bytes, at: &position) else { return nil }
            if !entry.isFolder { entries.append(entry.file) }
        }
        return position == bytes.count ? entries : nil
    }

    private struct Location {
        var count: UInt64
        var length: UInt64
        var offset: UInt64
    }

    /// Finds the central directory from the end of the archive.
    private func locate() -> Location? {
        let tailSize = Int(min(size, 22 + 65_535))
        let tailStart = size - Int64(tailSize)
        let tail = read(tailStart, tailSize)
        guard tail.count == tailSize, tailSize >= 22 else { return nil }
        for position in stride(from: tailSize - 22, through: 0, by: -1) {
            guard tail[position] == 0x50, Self.hasSignature(tail, at: position, 0x0605_4B50),
                Int(Self.number(tail, at: position + 20, 2)) == tailSize - position - 22
            else { continue }
            let location = Location(
                count: Self.number(tail, at: position + 10, 2),
                length: Self.number(tail, at: position + 12, 4),
                offset: Self.number(tail, at: position + 16, 4)
            )
            if location.count == 0xFFFF || location.length == 0xFFFF_FFFF || location.offset == 0xFFFF_FFFF {
                return locateZip64(before: tailStart + Int64(position))
            }
            // Both disk numbers are 0 in an archive of one piece.
            return Self.number(tail, at: position + 4, 4) == 0 ? location : nil
        }
        return nil
    }

    private func locateZip64(before end: Int64) -> Location? {
        guard end >= 20 else { return nil }
        let locator = read(end - 20, 20)
        guard locator.count == 20, Self.hasSignature(locator, at: 0, 0x0706_4B50) else { return nil }
        let offset = Self.number(locator, at: 8, 8)
        guard size >= 56, offset <= UInt64(size - 56) else { return nil }
        let record = read(Int64(offset), 56)
        guard record.count == 56, Self.hasSignature(record, at: 0, 0x0606_4B50) else { return nil }
        return Location(
            count: Self.number(record, at: 32, 8),
            length: Self.number(record, at: 40, 8),
            offset: Self.number(record, at: 48, 8)
        )
    }

    private static func entry(_ bytes: [UInt8], at position: inout Int) -> (file: FileEntry, isFolder: Bool)? {
        let start = position
        guard bytes.count - start >= 46, hasSignature(bytes, at: start, 0x0201_4B50) else { return nil }
        let nameLength = Int(number(bytes, at: start + 28, 2))
        let extraLength = Int(number(bytes, at: start + 30, 2))
        let commentLength = Int(number(bytes, at: start + 32, 2))
        let extraStart = start + 46 + nameLength
        position = extraStart + extraLength + commentLength
        guard position <= bytes.count, nameLength <= maximumNameBytes else { return nil }
        var size = number(bytes, at: start + 24, 4)
        if size == 0xFFFF_FFFF {
            guard let long = zip64Size(bytes[extraStart..<(extraStart + extraLength)]) else { return nil }
            size = long
        }
        guard size <= UInt64(Int64.max) else { return nil }
        let name = bytes[(start + 46)..<extraStart]
        return (FileEntry(name: MemberName.safe(name), sizeBytes: Int64(size)), name.last == UInt8(ascii: "/"))
    }

    /// The uncompressed size in the extra field of ZIP64, which is the first number in it.
    private static func zip64Size(_ extra: ArraySlice<UInt8>) -> UInt64? {
        var rest = extra
        while rest.count >= 4 {
            let bytes = Array(rest.prefix(12))
            let length = Int(number(bytes, at: 2, 2))
            guard rest.count >= 4 + length else { return nil }
            if number(bytes, at: 0, 2) == 1 { return length >= 8 ? number(bytes, at: 4, 8) : nil }
            rest = rest.dropFirst(4 + length)
        }
        return nil
    }

    private static func hasSignature(_ bytes: [UInt8], at offset: Int, _ signature: UInt64) -> Bool {
        number(bytes, at: offset, 4) == signature
    }

    /// A little-endian number. Callers have checked that it lies within the bytes.
    private static func number(_ bytes: [UInt8], at offset: Int, _ width: Int) -> UInt64 {
        bytes[offset..<(offset + width)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
