extension JSONScanner {
    /// Reads the string that begins at `index`.
    mutating func string() throws(JSONSyntaxError) -> JSONToken {
        index += 1
        let start = index
        var kind = JSONToken.Kind.string
        while true {
            // Most bytes are plain ASCII: the loop over them touches nothing but the text.
            let (bytes, end) = (bytes, end)
            var position = index
            while position < end, bytes[position] &- 0x20 < 0x60, bytes[position] != UInt8(ascii: "\""),
                bytes[position] != UInt8(ascii: "\\")
            { position += 1 }
            index = position
            guard position < end else { throw fault(.unexpectedEnd) }
            switch bytes[position] {
            case UInt8(ascii: "\""):
                index += 1
                return JSONToken(kind: kind, start: start, end: position)
            case UInt8(ascii: "\\"):
                kind = .escapedString
                try escape()
            case _ where isLenient: index += 1
            case 0x00..<0x20: throw fault(.controlCharacter)
            case let lead: try multibyteCharacter(lead)
            }
        }
    }

    private mutating func escape() throws(JSONSyntaxError) {
        let start = index
        guard index + 1 < end else { throw JSONSyntaxError(.unexpectedEnd, at: end) }
        guard !isLenient else {
            index += 2
            return
        }
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
            else { throw JSONSyntaxError(.loneSurrogate, at: start) }
        default:
            throw fault(.badEscape)
        }
    }

    /// Passes over a `\uXXXX` and gives its number.
    private mutating func codeUnit() throws(JSONSyntaxError) -> UInt32 {
        guard index + 6 <= end else { throw JSONSyntaxError(.unexpectedEnd, at: end) }
        var unit: UInt32 = 0
        for position in (index + 2)..<(index + 6) {
            guard let digit = Hexadecimal.value(of: bytes[position]) else { throw fault(.badEscape) }
            unit = unit << 4 | UInt32(digit)
        }
        index += 6
        return unit
    }

    /// Passes over one character of two to four bytes (the well-formed sequences of Unicode's table 3-7).
    private mutating func multibyteCharacter(_ lead: UInt8) throws(JSONSyntaxError) {
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
