// Answers are built as bytes: the shapes are few and fixed, and an encoder that goes through boxed containers costs more
// than the whole rest of a request.

extension [UInt8] {
    mutating func appendText(_ text: String) {
        append(contentsOf: text.utf8)
    }

    /// Appends a non-negative number in decimal.
    mutating func appendNumber(_ value: some BinaryInteger) {
        appendText(String(value))
    }

    /// Appends a non-negative number, filled up with zeros to `digits`; longer numbers lose their leading digits.
    mutating func appendPadded(_ value: Int64, digits: Int) {
        let start = count
        append(contentsOf: repeatElement(UInt8(ascii: "0"), count: digits))
        var rest = value
        var position = start + digits - 1
        while position >= start, rest > 0 {
            self[position] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
            position -= 1
        }
    }

    /// Appends a JSON string with its quotes, escaped as RFC 8259 asks.
    mutating func appendJSONString(_ text: String) {
        append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                append(UInt8(ascii: "\\"))
                append(byte)
            case 0..<0x20:
                appendText("\\u00")
                append(UInt8.hexadecimalDigit(UInt64(byte) >> 4))
                append(UInt8.hexadecimalDigit(UInt64(byte)))
            default:
                append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }

    mutating func appendJSONString(_ guid: GUID) {
        append(UInt8(ascii: "\""))
        guid.append(to: &self)
        append(UInt8(ascii: "\""))
    }

    mutating func appendJSONString(_ time: Timestamp) {
        append(UInt8(ascii: "\""))
        time.appendService(to: &self)
        append(UInt8(ascii: "\""))
    }
}
