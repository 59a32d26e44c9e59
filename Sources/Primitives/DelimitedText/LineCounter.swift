/// Counts the lines of delimited text that are not empty, by the rules of `DelimitedTextState`. `DelimitedTextScanner` passes
/// it all bytes of a file in order.
struct LineCounter: Sendable {
    /// Lines that are not empty and have ended.
    private(set) var lines: Int64 = 0
    /// Where the last byte was.
    private(set) var state = DelimitedTextState()
    /// What separates fields, known when the first line has ended.
    private(set) var delimiter: UInt8?

    /// In the first line, outside quotes.
    private var commas = 0
    private var tabs = 0

    /// Reads bytes until the first line ends.
    ///
    /// - Returns: The places of the line's own bytes, and where the rest begins.
    mutating func readFirstLine(_ bytes: UnsafeRawBufferPointer) -> (line: Range<Int>, rest: Int) {
        var start: Int?
        for (index, byte) in bytes.enumerated() {
            let isComma = byte == DelimitedTextState.comma
            switch state.step(byte, isDelimiter: isComma || byte == DelimitedTextState.tab) {
            case .delimiter: if isComma { commas += 1 } else { tabs += 1 }
            case .lineEnd:
                lines += 1
                endFirstLine()
                return ((start ?? index)..<index, index + 1)
            case .character, .openingQuote, .closingQuote, .emptyLine: break
            }
            if start == nil, !state.isLineStart { start = index }
        }
        return ((start ?? bytes.count)..<bytes.count, bytes.count)
    }

    /// The first line has ended, or the file.
    mutating func endFirstLine() { delimiter = tabs > commas ? DelimitedTextState.tab : DelimitedTextState.comma }

    /// Whether the first line has more than one field.
    var hasDelimiters: Bool { tabs > 0 || commas > 0 }

    /// Reads bytes after the first line.
    mutating func read(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        let delimiter = delimiter ?? DelimitedTextState.comma
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

    @inline(__always)
    private mutating func step(_ byte: UInt8, isDelimiter: Bool) {
        if case .lineEnd = state.step(byte, isDelimiter: isDelimiter) { lines &+= 1 }
    }

    /// Reads a block as if every quote opened or closed a field.
    ///
    /// - Returns: False where that is wrong; then nothing was read.
    @inline(__always)
    private mutating func readBlock(_ start: UnsafeRawPointer, _ delimiterPattern: UInt64) -> Bool {
        let block = ByteBlock(at: start)
        let quotes = block.positions(of: 0x2222_2222_2222_2222)
        if quotes == 0, state.isQuoted { return true }
        let breaks = block.positions(of: 0x0A0A_0A0A_0A0A_0A0A, or: 0x0D0D_0D0D_0D0D_0D0D)
        let delimiters = block.positions(of: delimiterPattern)
        // A bit for each byte: whether the byte after it is quoted.
        let quoted = Self.parity(quotes) ^ (state.isQuoted ? .max : 0)
        let opening = quotes & quoted
        // Before an opening quote there is the end of a field, or the quote that has just closed this one.
        let borders = breaks | delimiters | quotes
        guard opening & ~(borders &<< 1 | (state.mayOpen ? 1 : 0)) == 0 else { return false }
        let ends = breaks & ~quoted
        lines &+= Int64(truncatingIfNeeded: (ends & ~(ends &<< 1 | (state.isLineStart ? 1 : 0))).nonzeroBitCount)
        state.isLineStart = ends &>> 63 == 1
        state.isQuoted = quoted &>> 63 == 1
        state.mayOpen = borders &>> 63 == 1
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
