extension JSONScanner {
    /// A string's text.
    func text(_ token: JSONToken) -> String {
        withText(token) { String(decoding: $0, as: UTF8.self) }
    }

    /// Hands a string's UTF-8 to `body`, without a copy where it has no escapes.
    func withText<Result>(_ token: JSONToken, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        let raw = UnsafeBufferPointer(rebasing: bytes[token.start..<token.end])
        guard token.kind == .escapedString else { return body(raw) }
        return unescaped(raw).withUnsafeBufferPointer(body)
    }

    /// Whether a string's text is `name`.
    func isText(_ token: JSONToken, _ name: StaticString) -> Bool {
        withText(token) { $0.isEqual(to: name) }
    }

    /// Resolves the escapes of a string that the scanner has passed.
    private func unescaped(_ raw: UnsafeBufferPointer<UInt8>) -> [UInt8] {
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
            if letter == UInt8(ascii: "u") {
                var scalar = codeUnit(raw, at: index + 2)
                index += 6
                if scalar & 0xFC00 == 0xD800 {
                    scalar = 0x10000 + (scalar & 0x3FF) << 10 + (codeUnit(raw, at: index + 2) & 0x3FF)
                    index += 6
                }
                if let scalar = Unicode.Scalar(scalar) { result.append(contentsOf: UTF8.encode(scalar) ?? .init()) }
            } else {
                result.append(Self.meaning(ofEscape: letter))
                index += 2
            }
        }
        return result
    }

    private func codeUnit(_ raw: UnsafeBufferPointer<UInt8>, at start: Int) -> UInt32 {
        guard start + 4 <= raw.count else { return 0xFFFD }
        return raw[start..<(start + 4)].reduce(0) { $0 << 4 | UInt32(hexadecimalDigit($1) ?? 0) }
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
    func isEqual(to text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for index in indices where self[index] != text.utf8Start[index] { return false }
        return true
    }
}
