/// Reads a JSON text (RFC 8259) once from front to back and finds where its values are.
///
/// Every byte is checked against the grammar, also in values that are not asked for, so that a text is either JSON as a
/// whole or refused as a whole; a lenient scanner checks less, see ``init(_:leniently:maximumDepth:)``. Memory does not grow
/// with the text, nesting is bounded. A general decoder costs several times more per document.
///
/// The buffer must outlive the scanner. Every access is preceded by a comparison with `end`.
public struct JSONScanner {
    /// How many objects and arrays may lie within each other, unless the caller says otherwise.
    public static let defaultDepth = 64

    /// The whole text.
    public let bytes: UnsafeBufferPointer<UInt8>
    /// Where the scanner is, in bytes from the start of the text.
    public internal(set) var index: Int
    /// Where what is scanned ends.
    public let end: Int
    let isLenient: Bool
    private let maximumDepth: Int

    /// Makes a scanner of the whole buffer. A byte order mark at its start is passed over.
    ///
    /// - Parameters:
    ///   - bytes: The text.
    ///   - isLenient: Whether to accept what some writers get wrong: a comma after the last member or element, any bytes and
    ///     escapes in strings, any word that begins like a number or a literal.
    ///   - maximumDepth: How many objects and arrays may lie within each other.
    public init(
        _ bytes: UnsafeBufferPointer<UInt8>,
        leniently isLenient: Bool = false,
        maximumDepth: Int = Self.defaultDepth
    ) {
        self.bytes = bytes
        self.end = bytes.count
        self.isLenient = isLenient
        self.maximumDepth = maximumDepth
        let marked = bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF
        self.index = marked ? 3 : 0
    }

    /// Makes a scanner of one value that was found before.
    public init(_ bytes: UnsafeBufferPointer<UInt8>, at token: JSONToken) {
        self.bytes = bytes
        self.index = token.start
        self.end = token.end
        self.isLenient = false
        self.maximumDepth = Self.defaultDepth
    }

    // MARK: Documents

    /// The kind of the value that comes next, by its first byte; `nil` when nothing can begin there.
    public mutating func nextKind() -> JSONToken.Kind? {
        skipSpace()
        guard index < end else { return nil }
        switch bytes[index] {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        default: return nil
        }
    }

    /// Enters the object or the array that comes next. The caller knows from ``nextKind()`` that there is one.
    public mutating func enter() { index += 1 }

    /// The next member's name inside an object, the colon passed; `nil` at the object's end.
    public mutating func nextKey(isFirst: inout Bool) throws(JSONSyntaxError) -> JSONToken? {
        skipSpace()
        guard index < end else { throw fault(.unexpectedEnd) }
        if bytes[index] == UInt8(ascii: "}") {
            index += 1
            return nil
        }
        if isFirst {
            isFirst = false
        } else {
            try expect(UInt8(ascii: ","))
            skipSpace()
        }
        guard index < end else { throw fault(.unexpectedEnd) }
        if isLenient, bytes[index] == UInt8(ascii: "}") {
            index += 1
            return nil
        }
        guard bytes[index] == UInt8(ascii: "\"") else { throw fault(.unexpectedByte) }
        let key = try string()
        skipSpace()
        try expect(UInt8(ascii: ":"))
        return key
    }

    /// Passes to the next element inside an array.
    ///
    /// - Returns: Whether there is one; false at the array's end, which is passed.
    public mutating func nextElement(isFirst: inout Bool) throws(JSONSyntaxError) -> Bool {
        skipSpace()
        guard index < end else { throw fault(.unexpectedEnd) }
        if bytes[index] == UInt8(ascii: "]") {
            index += 1
            return false
        }
        if isFirst {
            isFirst = false
            return true
        }
        try expect(UInt8(ascii: ","))
        guard isLenient else { return true }
        skipSpace()
        guard index < end, bytes[index] == UInt8(ascii: "]") else { return true }
        index += 1
        return false
    }

    /// Reads the value that comes next.
    ///
    /// - Parameter depth: How many objects and arrays have been entered.
    public mutating func value(depth: Int = 1) throws(JSONSyntaxError) -> JSONToken {
        skipSpace()
        guard index < end else { throw fault(.unexpectedEnd) }
        let start = index
        switch bytes[index] {
        case UInt8(ascii: "\""):
            return try string()
        case UInt8(ascii: "{"):
            try skipObject(depth: depth)
            return JSONToken(kind: .object, start: start, end: index)
        case UInt8(ascii: "["):
            try skipArray(depth: depth)
            return JSONToken(kind: .array, start: start, end: index)
        case UInt8(ascii: "t"):
            try literal("true")
            return JSONToken(kind: .boolean, start: start, end: index)
        case UInt8(ascii: "f"):
            try literal("false")
            return JSONToken(kind: .boolean, start: start, end: index)
        case UInt8(ascii: "n"):
            try literal("null")
            return JSONToken(kind: .null, start: start, end: index)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            try number()
            return JSONToken(kind: .number, start: start, end: index)
        default:
            throw fault(.unexpectedByte)
        }
    }

    /// Makes sure that only white space is left.
    public mutating func finish() throws(JSONSyntaxError) {
        skipSpace()
        guard index == end else { throw fault(.trailingBytes) }
    }

    // MARK: Containers

    private mutating func skipObject(depth: Int) throws(JSONSyntaxError) {
        guard depth < maximumDepth else { throw fault(.tooDeep(levels: maximumDepth)) }
        index += 1
        var isFirst = true
        while try nextKey(isFirst: &isFirst) != nil {
            _ = try value(depth: depth + 1)
        }
    }

    private mutating func skipArray(depth: Int) throws(JSONSyntaxError) {
        guard depth < maximumDepth else { throw fault(.tooDeep(levels: maximumDepth)) }
        index += 1
        var isFirst = true
        while try nextElement(isFirst: &isFirst) {
            _ = try value(depth: depth + 1)
        }
    }

    // MARK: Scalars

    private mutating func number() throws(JSONSyntaxError) {
        guard !isLenient else { return skipWord() }
        let start = index
        if bytes[index] == UInt8(ascii: "-") { index += 1 }
        let whole = skipDigits()
        let first = index - whole
        guard whole == 1 || (whole > 1 && bytes[first] != UInt8(ascii: "0")) else {
            throw JSONSyntaxError(.badNumber, at: start)
        }
        if index < end, bytes[index] == UInt8(ascii: ".") {
            index += 1
            guard skipDigits() > 0 else { throw JSONSyntaxError(.badNumber, at: start) }
        }
        if index < end, bytes[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < end, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") { index += 1 }
            guard skipDigits() > 0 else { throw JSONSyntaxError(.badNumber, at: start) }
        }
    }

    private mutating func skipDigits() -> Int {
        let start = index
        while index < end, bytes[index] &- UInt8(ascii: "0") <= 9 { index += 1 }
        return index - start
    }

    private mutating func literal(_ text: StaticString) throws(JSONSyntaxError) {
        guard !isLenient else { return skipWord() }
        for offset in 0..<text.utf8CodeUnitCount {
            guard index + offset < end else { throw JSONSyntaxError(.unexpectedEnd, at: end) }
            guard bytes[index + offset] == text.utf8Start[offset] else {
                throw JSONSyntaxError(.unexpectedByte, at: index + offset)
            }
        }
        index += text.utf8CodeUnitCount
    }

    private mutating func skipWord() {
        while index < end {
            switch bytes[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."):
                index += 1
            default: return
            }
        }
    }

    private mutating func skipSpace() {
        while index < end {
            switch bytes[index] {
            case 0x20, 0x0A, 0x0D, 0x09: index += 1
            default: return
            }
        }
    }

    private mutating func expect(_ byte: UInt8) throws(JSONSyntaxError) {
        guard index < end else { throw fault(.unexpectedEnd) }
        guard bytes[index] == byte else { throw fault(.unexpectedByte) }
        index += 1
    }

    func fault(_ problem: JSONSyntaxError.Problem) -> JSONSyntaxError { JSONSyntaxError(problem, at: index) }
}
