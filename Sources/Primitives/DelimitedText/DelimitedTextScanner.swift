/// Reads comma- or tab-separated text as it streams by, and finds its encoding, its header line and the number of its
/// rows. The bytes are neither kept nor changed; chunks may end anywhere, and memory does not grow with the file.
///
/// The first line that is not empty is the header. A row is a line that is not empty, after the header; a line ends at CR,
/// LF or CRLF outside quotes. Quotes as in RFC 4180: a quote opens a quoted field at the field's beginning only.
public struct DelimitedTextScanner: Sendable {
    /// The encoding of a file.
    public enum Encoding: String, Sendable, Hashable {
        /// UTF-8, or its subset ASCII.
        case utf8 = "utf-8"
        /// UTF-16, the low byte first; known by its byte order mark.
        case utf16LittleEndian = "utf-16le"
        /// UTF-16, the high byte first; known by its byte order mark.
        case utf16BigEndian = "utf-16be"
    }

    /// What was found in a whole file.
    public struct Findings: Sendable, Hashable {
        /// Whether the file is text. Archives and other binary files have control characters at their beginning; nothing else
        /// is found in them.
        public var isText: Bool
        /// The rows, without the header; nil where a quoted field does not end, so that the rows are unknown.
        public var rows: Int64?
        /// Whether there is a header line, and it ends.
        public var hasHeader: Bool
        /// `,` or a tab, whichever the header has more of outside quotes; nil where it has neither.
        public var delimiter: Character?
        /// Nil for bytes that are not UTF-8 and have no byte order mark of UTF-16.
        public var encoding: Encoding?
        /// Whether the file begins with a byte order mark.
        public var hasByteOrderMark: Bool
    }

    /// The first bytes, until the encoding is known.
    private var beginning: [UInt8] = []
    private var encoding: Encoding?
    private var hasByteOrderMark = false
    private var utf8 = UTF8Validation()
    /// The first byte of a UTF-16 unit whose second byte is in the next chunk.
    private var half: UInt8?
    private var counter = LineCounter()
    /// Whether no control character was found, among how many characters.
    private var isText = true
    private var examined = 0

    /// How many characters of the beginning are examined for control characters.
    private static let decisiveCharacters = 4_096

    /// Makes a scanner for one file.
    public init() {}

    /// Reads the file's next bytes.
    ///
    /// - Parameters:
    ///   - bytes: The bytes.
    ///   - header: Receives the bytes of the header line, as they are in the file, in order and in as many calls as needed;
    ///     without byte order mark and line end.
    public mutating func scan(_ bytes: UnsafeRawBufferPointer, header: (UnsafeRawBufferPointer) -> Void) {
        guard encoding == nil else { return read(bytes, header) }
        let count = min(ByteOrderMark.longest - beginning.count, bytes.count)
        beginning += bytes[..<count]
        guard beginning.count == ByteOrderMark.longest else { return }
        readBeginning(header)
        read(UnsafeRawBufferPointer(rebasing: bytes[count...]), header)
    }

    /// Ends the file.
    public mutating func finish(header: (UnsafeRawBufferPointer) -> Void) -> Findings {
        if encoding == nil { readBeginning(header) }
        if counter.delimiter == nil { counter.endFirstLine() }
        let lines = counter.lines + (counter.state.isLineStart ? 0 : 1)
        let isUTF8 = encoding == .utf8
        return Findings(
            isText: isText,
            rows: counter.state.isQuoted ? nil : max(lines - 1, 0),
            hasHeader: counter.lines > 0 || lines > 0 && !counter.state.isQuoted,
            delimiter: counter.hasDelimiters ? counter.delimiter.map { Character(Unicode.Scalar($0)) } : nil,
            encoding: isUTF8 && !utf8.isComplete || half != nil ? nil : encoding,
            hasByteOrderMark: hasByteOrderMark
        )
    }

    /// Reads the first bytes, which are a byte order mark or begin the text.
    private mutating func readBeginning(_ header: (UnsafeRawBufferPointer) -> Void) {
        let mark = ByteOrderMark(at: beginning)
        encoding = mark?.encoding ?? .utf8
        hasByteOrderMark = mark != nil
        beginning.withUnsafeBytes {
            read(UnsafeRawBufferPointer(rebasing: $0[(mark?.count ?? 0)...]), header)
        }
        beginning = []
    }

    private mutating func read(_ bytes: UnsafeRawBufferPointer, _ header: (UnsafeRawBufferPointer) -> Void) {
        guard encoding == .utf8 else { return readUTF16(bytes, header) }
        if isText { utf8.add(bytes) }
        count(bytes) { header(UnsafeRawBufferPointer(rebasing: bytes[$0])) }
    }

    /// - Parameter header: Receives the places of the header's bytes, where there are some.
    private mutating func count(_ bytes: UnsafeRawBufferPointer, header: (Range<Int>) -> Void) {
        if examined < Self.decisiveCharacters { examine(bytes) }
        guard isText else { return }
        guard counter.delimiter == nil else { return counter.read(bytes) }
        let (line, rest) = counter.readFirstLine(bytes)
        if !line.isEmpty { header(line) }
        if rest < bytes.count { counter.read(UnsafeRawBufferPointer(rebasing: bytes[rest...])) }
    }
}

// MARK: - Binary files

extension DelimitedTextScanner {
    private mutating func examine(_ bytes: UnsafeRawBufferPointer) {
        let beginning = bytes.prefix(Self.decisiveCharacters - examined)
        examined += beginning.count
        // All but the characters that move the print position: tab, line ends, form feed.
        if beginning.contains(where: { $0 < 0x09 || $0 > 0x0D && $0 < 0x20 }) { isText = false }
    }
}

// MARK: - UTF-16

extension DelimitedTextScanner {
    /// How many bytes of UTF-16 are read at a time.
    private static let portion = 4_096

    /// Counts UTF-16 as text of one byte for each unit. Units beyond ASCII are no quotes, delimiters or line ends.
    private mutating func readUTF16(_ bytes: UnsafeRawBufferPointer, _ header: (UnsafeRawBufferPointer) -> Void) {
        var rest = bytes[...]
        while !rest.isEmpty {
            var units = half.map { [$0] } ?? []
            units += rest.prefix(Self.portion - units.count)
            rest = rest.dropFirst(Self.portion - (half == nil ? 0 : 1))
            half = units.count % 2 == 0 ? nil : units.popLast()
            let low = encoding == .utf16LittleEndian ? 0 : 1
            let narrow = stride(from: 0, to: units.count, by: 2).map { index in
                units[index + 1 - low] == 0 && units[index + low] < 0x80 ? units[index + low] : 0xFF
            }
            narrow.withUnsafeBytes { narrow in
                units.withUnsafeBytes { units in
                    count(narrow) { line in
                        header(UnsafeRawBufferPointer(rebasing: units[line.lowerBound * 2..<line.upperBound * 2]))
                    }
                }
            }
        }
    }
}
