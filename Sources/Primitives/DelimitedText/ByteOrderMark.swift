/// The byte order mark at the beginning of a text.
public struct ByteOrderMark: Sendable, Hashable {
    /// The encoding that the mark is of.
    public let encoding: DelimitedTextScanner.Encoding
    /// How many bytes it has.
    public let count: Int

    /// The most bytes of a mark: so many must be known before there is none.
    public static let longest = 3

    private static let marks: [(bytes: [UInt8], encoding: DelimitedTextScanner.Encoding)] = [
        ([0xEF, 0xBB, 0xBF], .utf8), ([0xFF, 0xFE], .utf16LittleEndian), ([0xFE, 0xFF], .utf16BigEndian),
    ]

    /// Finds the mark; nil where there is none.
    ///
    /// - Parameter bytes: The text's first bytes, all of them where it is shorter than ``longest``.
    public init?(at bytes: [UInt8]) {
        guard let mark = Self.marks.first(where: { bytes.starts(with: $0.bytes) }) else { return nil }
        encoding = mark.encoding
        count = mark.bytes.count
    }
}
