/// What a ZIP archive with one stored entry has before and behind the entry's bytes (PKWARE's APPNOTE, without ZIP64).
struct ZipFrame: Sendable {
    /// The largest entry: the sizes and offsets of the format have 32 bits.
    static let entryLimit = Int(UInt32.max) - 1024

    let name: [UInt8]
    let entryCount: Int

    var prefixCount: Int { 30 + name.count }
    var suffixCount: Int { 46 + name.count + 22 }

    func prefix(checksum: UInt32) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendLittleEndian(UInt32(0x0403_4B50))
        appendCommonFields(checksum: checksum, to: &bytes)
        bytes.append(contentsOf: name)
        return bytes
    }

    func suffix(checksum: UInt32) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendLittleEndian(UInt32(0x0201_4B50))
        bytes.appendLittleEndian(UInt16(20))
        appendCommonFields(checksum: checksum, to: &bytes)
        bytes.append(contentsOf: repeatElement(0, count: 2 + 2 + 2 + 4 + 4))
        bytes.append(contentsOf: name)
        let directoryCount = bytes.count
        bytes.appendLittleEndian(UInt32(0x0605_4B50))
        bytes.append(contentsOf: repeatElement(0, count: 4))
        bytes.appendLittleEndian(UInt16(1))
        bytes.appendLittleEndian(UInt16(1))
        bytes.appendLittleEndian(UInt32(directoryCount))
        bytes.appendLittleEndian(UInt32(prefixCount + entryCount))
        bytes.append(contentsOf: repeatElement(0, count: 2))
        return bytes
    }

    /// From "version needed to extract" to the length of the extra field.
    private func appendCommonFields(checksum: UInt32, to bytes: inout [UInt8]) {
        bytes.appendLittleEndian(UInt16(20))
        bytes.appendLittleEndian(UInt16(0))
        bytes.appendLittleEndian(UInt16(0))
        // Midnight of 1 January 2026: the archive is the same at every reading.
        bytes.appendLittleEndian(UInt16(0))
        bytes.appendLittleEndian(UInt16(46 << 9 | 1 << 5 | 1))
        bytes.appendLittleEndian(checksum)
        bytes.appendLittleEndian(UInt32(truncatingIfNeeded: entryCount))
        bytes.appendLittleEndian(UInt32(truncatingIfNeeded: entryCount))
        bytes.appendLittleEndian(UInt16(name.count))
        bytes.appendLittleEndian(UInt16(0))
    }
}

extension [UInt8] {
    fileprivate mutating func appendLittleEndian(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}
