/// Reads JSON leniently from left to right without building a tree.
///
/// Answers of services are small and only a few members of them matter, so a reader that skips the rest costs a fraction of
/// a decoder. It accepts what is harmless: trailing bytes and commas are ignored, names are compared without regard to case,
/// and a scalar of one type may stand in for another.
public struct JSONReader {
    /// What a value is, by its first byte.
    public enum Kind: Sendable {
        /// A kind of value; `literal` is true, false or null.
        case object, array, string, number, literal
    }

    /// Deeper documents are refused; recursion in callers is bounded by it too.
    public static let maximumDepth = 32

    private var scanner: JSONScanner
    private var depth = 0

    /// - Parameter bytes: What is read; it must outlive the reader. A byte order mark at its start is passed over.
    public init(_ bytes: UnsafeRawBufferPointer) {
        scanner = JSONScanner(
            bytes.bindMemory(to: UInt8.self),
            leniently: true,
            maximumDepth: Self.maximumDepth
        )
    }

    /// What comes next; nothing is consumed but white space.
    public mutating func peek() throws(JSONSyntaxError) -> Kind {
        switch scanner.nextKind() {
        case .object: .object
        case .array: .array
        case .string, .escapedString: .string
        case .number: .number
        case .boolean, .null: .literal
        case nil: throw JSONSyntaxError(at: scanner.index)
        }
    }

    /// Calls `body` with each member's name; what `body` does not read is skipped.
    public mutating func readObject(
        _ body: (JSONName, inout JSONReader) throws(JSONSyntaxError) -> Void
    ) throws(JSONSyntaxError) {
        try enter(.object)
        var isFirst = true
        while let key = try scanner.nextKey(isFirst: &isFirst) {
            let name = JSONName(bytes: UnsafeBufferPointer(rebasing: scanner.bytes[key.start..<key.end]))
            try readOrSkip { (reader) throws(JSONSyntaxError) in try body(name, &reader) }
        }
        depth -= 1
    }

    /// Calls `body` before each element; what `body` does not read is skipped.
    public mutating func readArray(
        _ body: (inout JSONReader) throws(JSONSyntaxError) -> Void
    ) throws(JSONSyntaxError) {
        try enter(.array)
        var isFirst = true
        while try scanner.nextElement(isFirst: &isFirst) { try readOrSkip(body) }
        depth -= 1
    }

    /// A string's or a number's text; nil for anything else, which is skipped.
    public mutating func readText() throws(JSONSyntaxError) -> String? {
        let token = try scanner.value(depth: depth)
        return token.isString || token.kind == .number ? scanner.text(token) : nil
    }

    /// Passes over the value that comes next.
    public mutating func skipValue() throws(JSONSyntaxError) {
        _ = try scanner.value(depth: depth)
    }

    private mutating func enter(_ kind: JSONToken.Kind) throws(JSONSyntaxError) {
        guard scanner.nextKind() == kind else { throw JSONSyntaxError(at: scanner.index) }
        guard depth < Self.maximumDepth else {
            throw JSONSyntaxError(.tooDeep(levels: Self.maximumDepth), at: scanner.index)
        }
        scanner.enter()
        depth += 1
    }

    private mutating func readOrSkip(
        _ body: (inout JSONReader) throws(JSONSyntaxError) -> Void
    ) throws(JSONSyntaxError) {
        _ = scanner.nextKind()
        let before = scanner.index
        try body(&self)
        if scanner.index == before { try skipValue() }
    }
}

/// A member's name, compared without copying it.
public struct JSONName {
    let bytes: UnsafeBufferPointer<UInt8>

    /// Whether the name is this one, regardless of ASCII case.
    public func `is`(_ name: StaticString) -> Bool {
        guard bytes.count == name.utf8CodeUnitCount else { return false }
        for offset in 0..<bytes.count where !Self.same(bytes[offset], name.utf8Start[offset]) {
            return false
        }
        return true
    }

    private static func same(_ left: UInt8, _ right: UInt8) -> Bool {
        if left == right { return true }
        let folded = left | 0x20
        return folded == right | 0x20 && folded >= UInt8(ascii: "a") && folded <= UInt8(ascii: "z")
    }
}
