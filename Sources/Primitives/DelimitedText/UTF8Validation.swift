/// Whether bytes that arrive in chunks are UTF-8 (RFC 3629). `DelimitedTextScanner` uses it.
struct UTF8Validation: Sendable {
    /// Whether no byte contradicts it so far.
    private(set) var isValid = true

    /// How many bytes of a character are missing, and the permitted values of the next one.
    private var missing = 0
    private var lowest: UInt8 = 0x80
    private var highest: UInt8 = 0xBF

    /// Whether the bytes do not end within a character.
    var isComplete: Bool { isValid && missing == 0 }

    /// Adds bytes. ASCII, which most files are, is skipped eight bytes at a time.
    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        guard isValid, let base = bytes.baseAddress else { return }
        var position = 0
        while position < bytes.count {
            if missing == 0 {
                position = Self.endOfASCII(bytes, base, position)
                guard position < bytes.count else { return }
            }
            add(base.load(fromByteOffset: position, as: UInt8.self))
            position &+= 1
        }
    }

    /// Where the first word with another byte begins, or the first byte after whole words.
    @inline(__always)
    private static func endOfASCII(_ bytes: UnsafeRawBufferPointer, _ base: UnsafeRawPointer, _ from: Int) -> Int {
        var position = from
        while position &+ 64 <= bytes.count {
            var all: UInt64 = 0
            for index in 0..<8 { all |= base.loadUnaligned(fromByteOffset: position &+ index &* 8, as: UInt64.self) }
            guard all & 0x8080_8080_8080_8080 == 0 else { break }
            position &+= 64
        }
        while position &+ 8 <= bytes.count {
            let word = base.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            guard word & 0x8080_8080_8080_8080 == 0 else { break }
            position &+= 8
        }
        while position < bytes.count, base.load(fromByteOffset: position, as: UInt8.self) < 0x80 { position &+= 1 }
        return position
    }

    private mutating func add(_ byte: UInt8) {
        guard missing == 0 else {
            if byte < lowest || byte > highest { isValid = false }
            missing -= 1
            (lowest, highest) = (0x80, 0xBF)
            return
        }
        switch byte {
        case 0x00...0x7F: break
        case 0xC2...0xDF: missing = 1
        case 0xE0...0xEF:
            missing = 2
            // No longer form than necessary, and no surrogates.
            if byte == 0xE0 { lowest = 0xA0 } else if byte == 0xED { highest = 0x9F }
        case 0xF0...0xF4:
            missing = 3
            if byte == 0xF0 { lowest = 0x90 } else if byte == 0xF4 { highest = 0x8F }
        default: isValid = false
        }
    }
}
