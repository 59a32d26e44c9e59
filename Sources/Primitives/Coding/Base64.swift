/// Base64 (RFC 4648, section 4) with padding.
public enum Base64 {
    /// The text of bytes.
    public static func encoded(_ bytes: some Sequence<UInt8>) -> String {
        var text = digits(of: bytes, last: (UInt8(ascii: "+"), UInt8(ascii: "/")))
        while text.count % 4 != 0 { text.append(UInt8(ascii: "=")) }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of a text; nil where a character is none of the alphabet's, or the padding is not as it must be.
    public static func decoded(_ text: some BidirectionalCollection<UInt8>) -> [UInt8]? {
        let padding = text.suffix(2).count { $0 == UInt8(ascii: "=") }
        guard text.count % 4 == 0 else { return nil }
        return bytes(of: text.dropLast(padding)) { digit in
            switch digit {
            case UInt8(ascii: "+"): 62
            case UInt8(ascii: "/"): 63
            default: nil
            }
        }
    }

    /// Without padding.
    ///
    /// - Parameter last: The digits for 62 and 63, in which the alphabets differ.
    fileprivate static func digits(of bytes: some Sequence<UInt8>, last: (UInt8, UInt8)) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.underestimatedCount * 4 / 3 + 4)
        var bits: UInt32 = 0
        var count: UInt32 = 0
        func append(_ value: UInt32) {
            switch UInt8(truncatingIfNeeded: value & 0x3F) {
            case let value where value < 26: text.append(UInt8(ascii: "A") + value)
            case let value where value < 52: text.append(UInt8(ascii: "a") + value - 26)
            case let value where value < 62: text.append(UInt8(ascii: "0") + value - 52)
            case 62: text.append(last.0)
            default: text.append(last.1)
            }
        }
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                append(bits >> count)
            }
        }
        if count > 0 { append(bits << (6 - count)) }
        return text
    }

    /// The bytes of a text without padding.
    ///
    /// - Parameter last: The values of the digits that are neither letters nor numbers.
    fileprivate static func bytes(of text: some Sequence<UInt8>, last: (UInt8) -> UInt32?) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.underestimatedCount * 3 / 4)
        var bits: UInt32 = 0
        var count: UInt32 = 0
        for digit in text {
            let value: UInt32? =
                switch digit {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
                case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
                case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
                default: last(digit)
                }
            guard let value else { return nil }
            bits = bits << 6 | value
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> count))
            }
        }
        // A single digit left over holds less than a byte: the text was cut.
        return count == 6 ? nil : bytes
    }
}

/// Base64 for URLs (RFC 4648, section 5), as JSON Web Tokens and PKCE use it: without padding.
public enum Base64URL {
    /// The text of bytes, without padding.
    public static func encoded(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: Base64.digits(of: bytes, last: (UInt8(ascii: "-"), UInt8(ascii: "_"))), as: UTF8.self)
    }

    /// The bytes; nil where a character is none of either alphabet's. Padding at the end is ignored.
    public static func decoded(_ text: Substring.UTF8View) -> [UInt8]? {
        Base64.bytes(of: text.prefix { $0 != UInt8(ascii: "=") }) { digit in
            switch digit {
            case UInt8(ascii: "-"), UInt8(ascii: "+"): 62
            case UInt8(ascii: "_"), UInt8(ascii: "/"): 63
            default: nil
            }
        }
    }
}
