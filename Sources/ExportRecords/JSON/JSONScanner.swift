/// Reads a JSON text (RFC 8259) once from front to back and says where its values are.
///
/// Every byte is checked against the grammar, also in values that nobody asks for, so that a text is
/// either JSON as a whole or refused as a whole. Memory does not grow with the text, nesting is
/// bounded. A general decoder costs several times more per job, and jobs come by the million.
///
/// The buffer must outlive the scanner. Every access is preceded by a comparison with `end`.
struct JSONScanner {
    static let maximumDepth = 64

    let bytes: UnsafeBufferPointer<UInt8>
    private(set) var index: Int
    let end: Int

    /// Creates a scanner of the whole buffer. A byte order mark at its start is passed over.
    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
        self.end = bytes.count
        let marked = bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF
        self.index = marked ? 3 : 0
    }

    /// Creates a scanner of one value that was found before.
    init(_ bytes: UnsafeBufferPointer<UInt8>, at token: JSONToken) {
        self.bytes = bytes
        self.index = token.start
        self.end = token.end
    }

    // MARK: Documents

    /// The kind of the value that comes next, by its first byte; `nil` when nothing can begin there.
    mutating func nextKind() -> JSONToken.Kind? {
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

    /// Enters the object that comes next. The caller knows from ``nextKind()`` that there is one.
    mutating func enterObject() { index += 1 }

    /// The next member's name inside an object, the colon passed; `nil` at the object's end.
    mutating func nextKey(isFirst: inout Bool) throws(JSONFault) -> JSONToken? {
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
        guard bytes[index] == UInt8(ascii: "\"") else { throw fault(.unexpectedByte) }
        let key = try string()
        skipSpace()
        try expect(UInt8(ascii: ":"))
        return key
    }

    /// Reads the value that comes next.
    mutating func value(depth: Int = 1) throws(JSONFault) -> JSONToken {
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
    mutating func finish() throws(JSONFault) {
        skipSpace()
        guard index == end else { throw fault(.trailingBytes) }
    }

    // MARK: Containers

    private mutating func skipObject(depth: Int) throws(JSONFault) {
        guard depth < Self.maximumDepth else { throw fault(.tooDeep) }
        index += 1
        var isFirst = true
        while try nextKey(isFirst: &isFirst) != nil {
            _ = try value(depth: depth + 1)
        }
    }

    private mutating func skipArray(depth: Int) throws(JSONFault) {
        guard depth < Self.maximumDepth else { throw fault(.tooDeep) }
        index += 1
        skipSpace()
        if index < end, bytes[index] == UInt8(ascii: "]") {
            index += 1
            return
        }
        while true {
            _ = try value(depth: depth + 1)
            skipSpace()
            guard index < end else { throw fault(.unexpectedEnd) }
            if bytes[index] == UInt8(ascii: "]") {
                index += 1
                return
            }
            try expect(UInt8(ascii: ","))
        }
    }

    // MARK: Scalars

    private mutating func number() throws(JSONFault) {
        let start = index
        if bytes[index] == UInt8(ascii: "-") { index += 1 }
        let whole = skipDigits()
        let first = index - whole
        guard whole == 1 || (whole > 1 && bytes[first] != UInt8(ascii: "0")) else {
            throw JSONFault(problem: .badNumber, offset: start)
        }
        if index < end, bytes[index] == UInt8(ascii: ".") {
            index += 1
            guard skipDigits() > 0 else { throw JSONFault(problem: .badNumber, offset: start) }
        }
        if index < end, bytes[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < end, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") { index += 1 }
            guard skipDigits() > 0 else { throw JSONFault(problem: .badNumber, offset: start) }
        }
    }

    private mutating func skipDigits() -> Int {
        let start = index
        while index < end, bytes[index] &- UInt8(ascii: "0") <= 9 { index += 1 }
        return index - start
    }

    private mutating func literal(_ text: StaticString) throws(JSONFault) {
        for offset in 0..<text.utf8CodeUnitCount {
            guard index + offset < end else { throw JSONFault(problem: .unexpectedEnd, offset: end) }
            guard bytes[index + offset] == text.utf8Start[offset] else {
                throw JSONFault(problem: .unexpectedByte, offset: index + offset)
            }
        }
        index += text.utf8CodeUnitCount
    }

    private mutating func skipSpace() {
        while index < end {
            switch bytes[index] {
            case 0x20, 0x0A, 0x0D, 0x09: index += 1
            default: return
            }
        }
    }

    private mutating func expect(_ byte: UInt8) throws(JSONFault) {
        guard index < end else { throw fault(.unexpectedEnd) }
        guard bytes[index] == byte else { throw fault(.unexpectedByte) }
        index += 1
    }

    private func fault(_ problem: JSONFault.Problem) -> JSONFault { JSONFault(problem: problem, offset: index) }
}

// MARK: - Strings

extension JSONScanner {
    /// Reads the string that begins at `index`.
    private mutating func string() throws(JSONFault) -> JSONToken {
        index += 1
        let start = index
        var kind = JSONToken.Kind.string
        while index < end {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                let token = JSONToken(kind: kind, start: start, end: index)
                index += 1
                return token
            } else if byte == UInt8(ascii: "\\") {
                kind = .escapedString
                try escape()
            } else if byte < 0x20 {
                throw fault(.controlCharacter)
            } else if byte < 0x80 {
                index += 1
            } else {
                try multibyteCharacter(byte)
            }
        }
        throw fault(.unexpectedEnd)
    }

    private mutating func escape() throws(JSONFault) {
        let start = index
        guard index + 1 < end else { throw JSONFault(problem: .unexpectedEnd, offset: end) }
        switch bytes[index + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            index += 2
        case UInt8(ascii: "u"):
            let unit = try codeUnit()
            guard unit & 0xF800 == 0xD800 else { return }
            // Half of a pair: the other half must follow at once.
            guard unit < 0xDC00, index + 1 < end, bytes[index] == UInt8(ascii: "\\"),
                bytes[index + 1] == UInt8(ascii: "u"), try codeUnit() & 0xFC00 == 0xDC00
            else { throw JSONFault(problem: .loneSurrogate, offset: start) }
        default:
            throw fault(.badEscape)
        }
    }

    /// Passes over a `\uXXXX` and gives its number.
    private mutating func codeUnit() throws(JSONFault) -> UInt32 {
        guard index + 6 <= end else { throw JSONFault(problem: .unexpectedEnd, offset: end) }
        var unit: UInt32 = 0
        for position in (index + 2)..<(index + 6) {
            guard let digit = hexadecimalDigit(bytes[position]) else { throw fault(.badEscape) }
            unit = unit << 4 | UInt32(digit)
        }
        index += 6
        return unit
    }

    /// Passes over one character of two to four bytes (the well-formed sequences of Unicode's table 3-7).
    private mutating func multibyteCharacter(_ lead: UInt8) throws(JSONFault) {
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        case 0xF1...0xF3: length = 4
        default: throw fault(.notUTF8)
        }
        guard index + length <= end, second.contains(bytes[index + 1]) else { throw fault(.notUTF8) }
        for position in (index + 2)..<(index + max(length, 2)) where bytes[position] & 0xC0 != 0x80 {
            throw fault(.notUTF8)
        }
        index += length
    }
}

/// The number that a hexadecimal digit stands for.
func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
