/// A SHA-256 in its usual text form: 64 hexadecimal digits in lower case. Each finished job with a file has one.
enum PackedDigest {
    /// Whether the text is exactly what ``write(_:to:)`` would give back.
    static func isDigest(_ utf8: UnsafeBufferPointer<UInt8>) -> Bool {
        utf8.count == 64 && utf8.allSatisfy { value(of: $0) != nil }
    }

    /// Appends the 32 bytes of a digest.
    static func append(_ text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        for index in stride(from: 0, to: text.count, by: 2) {
            bytes.append((value(of: text[index]) ?? 0) << 4 | (value(of: text[index + 1]) ?? 0))
        }
    }

    /// Writes the 64 digits of 32 bytes.
    static func write(_ bytes: UnsafeRawBufferPointer, to text: UnsafeMutableBufferPointer<UInt8>) {
        for (index, byte) in bytes.enumerated() {
            text[2 * index] = digit(byte >> 4)
            text[2 * index + 1] = digit(byte & 15)
        }
    }

    /// The digit of a number below 16.
    static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    /// The number that a digit stands for; `nil` for any other byte.
    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
