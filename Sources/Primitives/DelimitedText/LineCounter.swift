/// Counts the lines of delimited text: `DelimitedTextScanner` passes it all bytes of a file in order.
///
/// A line ends at CR, LF or CRLF outside quotes. Empty lines do not count. A quote opens a quoted field at the field's
/// beginning only, elsewhere it is a character; within a quoted field two quotes are one (RFC 4180).
struct LineCounter: Sendable {
    /// Lines that are not empty and have ended.
    private(set) var lines: Int64 = 0
    /// Whether the last byte is inside a quoted field.
    private(set) var isQuoted = false
    /// Whether the last byte ended a line, or there was none.
    private(set) var isLineStart = true
    /// What separates fields, known when the first line has ended.
    private(set) var delimiter: UInt8?

    /// Whether a quote as the next byte opens a field, or continues the one that has just been closed.
    private var mayOpen = true
    /// In the first line, outside quotes.
    private var commas = 0
    private var tabs = 0

    private static let quote = UInt8(ascii: "\"")
    static let comma = UInt8(ascii: ",")
    static let tab = UInt8(ascii: "\t")

    /// Reads bytes until the first line ends.
    ///
    /// - Returns: The places of the line's own bytes, and where the rest begins.
    mutating func readFirstLine(_ bytes: UnsafeRawBufferPointer) -> (line: Range<Int>, rest: Int) {
        var start: Int?
        for (index, byte) in bytes.enumerated() {
            if !isQuoted {
                if byte == Self.comma { commas += 1 } else if byte == Self.tab { tabs += 1 }
            }
            let isBreak = byte == Self.comma || byte == Self.tab
            let endsLine = step(byte, isDelimiter: isBreak)
            if endsLine {
                endFirstLine()
                return ((start ?? index)..<index, index + 1)
            }
            if start == nil, !isLineStart { start = index }
        }
        return ((start ?? bytes.count)..<bytes.count, bytes.count)
    }

    /// The first line has ended, or the file.
    mutating func endFirstLine() { delimiter = tabs > commas ? Self.tab : Self.comma }

    /// Whether the first line has more than one field.
    var hasDelimiters: Bool { tabs > 0 || commas > 0 }

    /// Reads bytes after the first line.
    mutating func read(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        let delimiter = delimiter ?? Self.comma
        let pattern = ByteBlock.pattern(delimiter)
        var position = 0
        while position &+ ByteBlock.size <= bytes.count {
            if !readBlock(base + position, pattern) {
                for offset in 0..<ByteBlock.size {
                    let byte = base.load(fromByteOffset: position &+ offset, as: UInt8.self)
                    step(byte, isDelimiter: byte == delimiter)
                }
            }
            position &+= ByteBlock.size
        }
        while position < bytes.count {
            let byte = base.load(fromByteOffset: position, as: UInt8.self)
            step(byte, isDelimiter: byte == delimiter)
            position &+= 1
        }
    }

    /// Reads one byte.
    ///
    /// - Returns: Whether it ends a line that is not empty.
    @inline(__always) @discardableResult
    private mutating func step(_ byte: UInt8, isDelimiter: Bool) -> Bool {
        if isQuoted {
            if byte == Self.quote { (isQuoted, mayOpen) = (false, true) }
            return false
        }
        switch byte {
        case 0x0A, 0x0D:
            let endsLine = !isLineStart
            if endsLine { lines &+= 1 }
            (isLineStart, mayOpen) = (true, true)
            return endsLine
        case Self.quote where mayOpen: (isQuoted, isLineStart) = (true, false)
        default: (isLineStart, mayOpen) = (false, isDelimiter)
        }
        return false
    }

    /// Reads a block as if every quote opened or closed a field.
    ///
    /// - Returns: False where that is wrong; then nothing was read.
    @inline(__always)
    private mutating func readBlock(_ start: UnsafeRawPointer, _ delimiterPattern: UInt64) -> Bool {
        let block = ByteBlock(at: start)
        let quotes = block.positions(of: 0x2222_2222_2222_2222)
        if quotes == 0, isQuoted { return true }
        let breaks = block.positions(of: 0x0A0A_0A0A_0A0A_0A0A, or: 0x0D0D_0D0D_0D0D_0D0D)
        let delimiters = block.positions(of: delimiterPattern)
        // A bit for each byte: whether the byte after it is quoted.
        let quoted = Self.parity(quotes) ^ (isQuoted ? .max : 0)
        let opening = quotes & quoted
        // Before an opening quote there is the end of a field, or the quote that has just closed this one.
        let borders = breaks | delimiters | quotes
        guard opening & ~(borders &<< 1 | (mayOpen ? 1 : 0)) == 0 else { return false }
        let ends = breaks & ~quoted
        lines &+= Int64(truncatingIfNeeded: (ends & ~(ends &<< 1 | (isLineStart ? 1 : 0))).nonzeroBitCount)
        isLineStart = ends &>> 63 == 1
        isQuoted = quoted &>> 63 == 1
        mayOpen = borders &>> 63 == 1
        return true
    }

    /// For each bit, whether an odd number of bits up to and including it are set.
    @inline(__always)
    private static func parity(_ bits: UInt64) -> UInt64 {
        var bits = bits
        bits ^= bits &<< 1
        bits ^= bits &<< 2
        bits ^= bits &<< 4
        bits ^= bits &<< 8
        bits ^= bits &<< 16
        bits ^= bits &<< 32
        return bits
    }
}
