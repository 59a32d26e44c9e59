/// A text that is searched for in bytes, without regard to the case of ASCII letters.
struct SearchText {
    private let lower: [UInt8]

    init(_ text: String) { lower = text.utf8.map(Self.lowered) }

    /// Whether the bytes contain the text.
    func isFound(in bytes: UnsafeRawBufferPointer) -> Bool {
        guard let first = lower.first else { return true }
        guard bytes.count >= lower.count else { return false }
        for start in 0...(bytes.count - lower.count) where Self.lowered(bytes[start]) == first {
            if lower.indices.allSatisfy({ Self.lowered(bytes[start + $0]) == lower[$0] }) { return true }
        }
        return false
    }

    private static func lowered(_ byte: UInt8) -> UInt8 {
        UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
    }
}
