extension JSONScanner {
    /// A string's text.
    public func text(_ token: JSONToken) -> String {
        withText(token) { String(decoding: $0, as: UTF8.self) }
    }

    /// Calls `body` with a string's UTF-8, without a copy where it has no escapes.
    @inlinable
    public func withText<Result>(_ token: JSONToken, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        let raw = UnsafeBufferPointer(rebasing: bytes[token.start..<token.end])
        guard token.kind == .escapedString else { return body(raw) }
        return unescaped(raw).withUnsafeBufferPointer(body)
    }

    /// Resolves the escapes of a string that the scanner has passed. What is no escape, which only a lenient scanner
    /// passes, stays without its backslash; half of a surrogate pair becomes U+FFFD.
    @usableFromInline
    func unescaped(_ raw: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(raw.count)
        var index = 0
        while index < raw.count {
            guard raw[index] == UInt8(ascii: "\\"), index + 1 < raw.count else {
                result.append(raw[index])
                index += 1
                continue
            }
            let letter = raw[index + 1]
            index += 2
            guard letter == UInt8(ascii: "u"), var scalar = Self.codeUnit(raw, at: index) else {
                result.append(Self.meaning(ofEscape: letter))
                continue
            }
            index += 4
            if scalar & 0xFC00 == 0xD800, index + 1 < raw.count, raw[index] == UInt8(ascii: "\\"),
                raw[index + 1] == UInt8(ascii: "u"), let low = Self.codeUnit(raw, at: index + 2), low & 0xFC00 == 0xDC00
            {
                scalar = 0x10000 + (scalar & 0x3FF) << 10 + (low & 0x3FF)
                index += 6
            }
            result.append(
                contentsOf: UTF8.encode(Unicode.Scalar(scalar) ?? "\u{FFFD}") ?? UTF8.encodedReplacementCharacter
            )
        }
        return result
    }

    private static func codeUnit(_ raw: UnsafeBufferPointer<UInt8>, at start: Int) -> UInt32? {
        guard start + 4 <= raw.count else { return nil }
        var unit: UInt32 = 0
        for byte in raw[start..<(start + 4)] {
            guard let digit = Hexadecimal.value(of: byte) else { return nil }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }

    private static func meaning(ofEscape letter: UInt8) -> UInt8 {
        switch letter {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: letter
        }
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Whether the bytes are those of `text`.
    @inlinable
    public func isEqual(to text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for index in indices where self[index] != text.utf8Start[index] { return false }
        return true
    }
}
