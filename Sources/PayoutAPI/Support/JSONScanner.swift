/// The bytes are no JSON, or nest too deeply.
struct JSONSyntaxError: Error {}

/// Reads JSON from left to right without building a tree.
///
/// Answers of the service are small and only a few members of them matter, so a scanner that skips the rest costs a
/// fraction of a decoder. It is lenient where leniency is harmless: trailing bytes and commas are ignored, names are compared
/// without regard to case, and a scalar of one type may stand in for another.
struct JSONScanner {
    enum Kind {
        case object, array, string, number, literal
    }

    /// Deeper documents are refused; recursion in callers is bounded by it too.
    static let maximumDepth = 32

    private let bytes: UnsafeRawBufferPointer
    private var offset = 0
    private var depth = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { self.offset = 3 }
    }

    /// What comes next; nothing is consumed but white space.
    mutating func peek() throws(JSONSyntaxError) -> Kind {
        switch try self.nextSignificant() {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"): return .literal
        default: throw JSONSyntaxError()
        }
    }

    /// Calls `body` with each member's name; what `body` does not read is skipped.
    mutating func readObject(
        _ body: (JSONName, inout JSONScanner) throws(JSONSyntaxError) -> Void
    ) throws(JSONSyntaxError) {
        try self.open(UInt8(ascii: "{"))
        if try self.closes(UInt8(ascii: "}")) { return }
        repeat {
            guard try self.nextSignificant() == UInt8(ascii: "\"") else { throw JSONSyntaxError() }
            let name = JSONName(bytes: UnsafeRawBufferPointer(rebasing: self.bytes[try self.skipString()]))
            guard try self.nextSignificant() == UInt8(ascii: ":") else { throw JSONSyntaxError() }
            self.offset += 1
            _ = try self.nextSignificant()
            let before = self.offset
            try body(name, &self)
            if self.offset == before { try self.skipValue() }
        } while try self.continues(closing: UInt8(ascii: "}"))
    }

    /// Calls `body` before each element; what `body` does not read is skipped.
    mutating func readArray(
        _ body: (inout JSONScanner) throws(JSONSyntaxError) -> Void
    ) throws(JSONSyntaxError) {
        try self.open(UInt8(ascii: "["))
        if try self.closes(UInt8(ascii: "]")) { return }
        repeat {
            _ = try self.nextSignificant()
            let before = self.offset
            try body(&self)
            if self.offset == before { try self.skipValue() }
        } while try self.continues(closing: UInt8(ascii: "]"))
    }

    /// A string's or a number's text; nil for anything else, which is skipped.
    mutating func readText() throws(JSONSyntaxError) -> String? {
        switch try self.peek() {
        case .string:
            return Self.unescaped(UnsafeRawBufferPointer(rebasing: self.bytes[try self.skipString()]))
        case .number:
            let start = self.offset
            try self.skipValue()
            return String(decoding: self.bytes[start..<self.offset], as: UTF8.self)
        case .object, .array, .literal:
            try self.skipValue()
            return nil
        }
    }

    mutating func skipValue() throws(JSONSyntaxError) {
        switch try self.peek() {
        case .string: _ = try self.skipString()
        case .number, .literal: self.skipScalar()
        case .object: try self.readObject { (_, _) throws(JSONSyntaxError) in }
        case .array: try self.readArray { (_) throws(JSONSyntaxError) in }
        }
    }

    // MARK: - Bytes

    private mutating func nextSignificant() throws(JSONSyntaxError) -> UInt8 {
        while self.offset < self.bytes.count {
            let byte = self.bytes[self.offset]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            self.offset += 1
        }
        throw JSONSyntaxError()
    }

    private mutating func open(_ byte: UInt8) throws(JSONSyntaxError) {
        guard try self.nextSignificant() == byte, self.depth < Self.maximumDepth else { throw JSONSyntaxError() }
        self.offset += 1
        self.depth += 1
    }

    private mutating func closes(_ byte: UInt8) throws(JSONSyntaxError) -> Bool {
        guard try self.nextSignificant() == byte else { return false }
        self.offset += 1
        self.depth -= 1
        return true
    }

    private mutating func continues(closing byte: UInt8) throws(JSONSyntaxError) -> Bool {
        if try self.closes(byte) { return false }
        guard try self.nextSignificant() == UInt8(ascii: ",") else { throw JSONSyntaxError() }
        self.offset += 1
        // Some writers leave a comma after the last one.
        return try !self.closes(byte)
    }

    /// Consumes a string; answers where its inside stands, escapes as they came.
    private mutating func skipString() throws(JSONSyntaxError) -> Range<Int> {
        let start = self.offset + 1
        var end = start
        while end < self.bytes.count {
            switch self.bytes[end] {
            case UInt8(ascii: "\""):
                self.offset = end + 1
                return start..<end
            case UInt8(ascii: "\\"):
                end += 2
            default:
                end += 1
            }
        }
        throw JSONSyntaxError()
    }

    private mutating func skipScalar() {
        while self.offset < self.bytes.count {
            switch self.bytes[self.offset] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."):
                self.offset += 1
            default:
                return
            }
        }
    }
}

/// A member's name, compared without copying it.
struct JSONName {
    let bytes: UnsafeRawBufferPointer

    /// Whether the name is this one, regardless of ASCII case.
    func `is`(_ name: StaticString) -> Bool {
        guard self.bytes.count == name.utf8CodeUnitCount else { return false }
        for offset in 0..<self.bytes.count where !Self.same(self.bytes[offset], name.utf8Start[offset]) {
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

extension JSONScanner {
    /// A string's inside with its escapes undone; what is no escape stays as it is.
    static func unescaped(_ raw: UnsafeRawBufferPointer) -> String {
        guard raw.contains(UInt8(ascii: "\\")) else { return String(decoding: raw, as: UTF8.self) }
        var units: [UInt16] = []
        var text = ""
        var plain: [UInt8] = []
        func flushUnits() {
            guard !units.isEmpty else { return }
            text += String(decoding: units, as: UTF16.self)
            units.removeAll()
        }
        func flushPlain() {
            guard !plain.isEmpty else { return }
            text += String(decoding: plain, as: UTF8.self)
            plain.removeAll()
        }
        var offset = 0
        while offset < raw.count {
            guard raw[offset] == UInt8(ascii: "\\"), offset + 1 < raw.count else {
                flushUnits()
                plain.append(raw[offset])
                offset += 1
                continue
            }
            if raw[offset + 1] == UInt8(ascii: "u"), let unit = Self.hexUnit(raw, at: offset + 2) {
                flushPlain()
                units.append(unit)
                offset += 6
                continue
            }
            flushUnits()
            plain.append(Self.unescapedByte(raw[offset + 1]))
            offset += 2
        }
        flushUnits()
        flushPlain()
        return text
    }

    private static func unescapedByte(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        default: byte
        }
    }

    private static func hexUnit(_ raw: UnsafeRawBufferPointer, at offset: Int) -> UInt16? {
        guard offset + 4 <= raw.count else { return nil }
        var unit: UInt16 = 0
        for byte in raw[offset..<(offset + 4)] {
            guard let digit = hexDigit(byte) else { return nil }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }
}

func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
