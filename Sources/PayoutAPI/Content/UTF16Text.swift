import Primitives

/// Text in UTF-16 whose bytes arrive in chunks, as UTF-8.
struct UTF16Text: Sendable {
    private let isBigEndian: Bool
    /// Bytes of a unit or of a surrogate pair that is not complete.
    private var rest: [UInt8] = []

    init(isBigEndian: Bool) { self.isBigEndian = isBigEndian }

    /// A whole text as UTF-8.
    static func utf8(of bytes: [UInt8], _ encoding: DelimitedTextScanner.Encoding?) -> [UInt8] {
        guard encoding == .utf16LittleEndian || encoding == .utf16BigEndian else { return bytes }
        var text = UTF16Text(isBigEndian: encoding == .utf16BigEndian)
        return bytes.withUnsafeBytes { text.utf8(after: $0) } + text.finish()
    }

    /// Adds bytes and returns the complete characters.
    mutating func utf8(after bytes: UnsafeRawBufferPointer) -> [UInt8] {
        rest += bytes
        var units = stride(from: 0, to: rest.count - 1, by: 2).map { unit(at: $0) }
        if let last = units.last, UTF16.isLeadSurrogate(last) { units.removeLast() }
        rest.removeFirst(units.count * 2)
        return Array(String(decoding: units, as: UTF16.self).utf8)
    }

    /// What is left at the end: U+FFFD for an incomplete character.
    mutating func finish() -> [UInt8] {
        defer { rest = [] }
        return rest.isEmpty ? [] : Array("\u{FFFD}".utf8)
    }

    private func unit(at index: Int) -> UInt16 {
        let (first, second) = (UInt16(rest[index]), UInt16(rest[index + 1]))
        return isBigEndian ? first << 8 | second : second << 8 | first
    }
}
