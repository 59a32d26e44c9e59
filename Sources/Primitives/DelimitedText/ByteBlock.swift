/// Finds bytes in a block of 64, eight at a time, without branches. `LineCounter` uses it.
struct ByteBlock {
    /// How many bytes a block has.
    static let size = 64

    private let start: UnsafeRawPointer

    /// - Parameter start: The block's first byte; all 64 are readable.
    @inline(__always)
    init(at start: UnsafeRawPointer) { self.start = start }

    /// A byte in all eight places of a word.
    static func pattern(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }

    /// One bit for each byte, the first byte's is the lowest: whether the byte is that of the pattern.
    @inline(__always)
    func positions(of pattern: UInt64) -> UInt64 {
        var positions: UInt64 = 0
        for index in 0..<8 {
            positions |= Self.gathered(Self.matches(word(index), pattern)) &<< UInt64(truncatingIfNeeded: index &* 8)
        }
        return positions
    }

    /// The same for either of two patterns.
    @inline(__always)
    func positions(of pattern: UInt64, or other: UInt64) -> UInt64 {
        var positions: UInt64 = 0
        for index in 0..<8 {
            let word = word(index)
            positions |=
                Self.gathered(Self.matches(word, pattern) | Self.matches(word, other))
                &<< UInt64(truncatingIfNeeded: index &* 8)
        }
        return positions
    }

    @inline(__always)
    private func word(_ index: Int) -> UInt64 {
        UInt64(littleEndian: start.loadUnaligned(fromByteOffset: index &* 8, as: UInt64.self))
    }

    /// The highest bit of each byte that is equal to the pattern's.
    @inline(__always)
    private static func matches(_ word: UInt64, _ pattern: UInt64) -> UInt64 {
        let difference = word ^ pattern
        // No byte carries into the next one, so the result is exact.
        let sum = (difference & 0x7F7F_7F7F_7F7F_7F7F) &+ 0x7F7F_7F7F_7F7F_7F7F
        return ~(sum | difference | 0x7F7F_7F7F_7F7F_7F7F)
    }

    /// The highest bits of the eight bytes as the eight lowest bits.
    @inline(__always)
    private static func gathered(_ highBits: UInt64) -> UInt64 {
        ((highBits &>> 7) &* 0x0102_0408_1020_4080) &>> 56
    }
}
