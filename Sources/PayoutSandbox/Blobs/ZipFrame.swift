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

/// The CRC-32 of ZIP and gzip, eight bytes at a step.
struct CRC32: Sendable {
    private static let tables: [[UInt32]] = {
        var tables = [[UInt32]](repeating: [UInt32](repeating: 0, count: 256), count: 8)
        for index in 0..<256 {
            var value = UInt32(index)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
            tables[0][index] = value
        }
        for table in 1..<8 {
            for index in 0..<256 {
                let previous = tables[table - 1][index]
                tables[table][index] = previous >> 8 ^ tables[0][Int(previous & 0xFF)]
            }
        }
        return tables
    }()

    private var register: UInt32 = 0xFFFF_FFFF

    var value: UInt32 { register ^ 0xFFFF_FFFF }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        let tables = Self.tables
        var register = register
        var index = 0
        while index + 8 <= bytes.count {
            let low = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self)) ^ register
            let high = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index + 4, as: UInt32.self))
            register =
                tables[7][Int(low & 0xFF)] ^ tables[6][Int(low >> 8 & 0xFF)] ^ tables[5][Int(low >> 16 & 0xFF)]
                ^ tables[4][Int(low >> 24)]
            register ^=
                tables[3][Int(high & 0xFF)] ^ tables[2][Int(high >> 8 & 0xFF)] ^ tables[1][Int(high >> 16 & 0xFF)]
                ^ tables[0][Int(high >> 24)]
            index += 8
        }
        while index < bytes.count {
            register = register >> 8 ^ tables[0][Int((register ^ UInt32(bytes[index])) & 0xFF)]
            index += 1
        }
        self.register = register
    }
}

extension [UInt8] {
    fileprivate mutating func appendLittleEndian(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}
