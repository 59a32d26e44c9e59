/// Percent-encoding (RFC 3986, section 2.1).
public enum PercentEncoding {
    /// Whether a byte is one of RFC 3986's unreserved characters, which need no escape in any part of a URL.
    @inlinable
    public static func isUnreserved(_ byte: UInt8) -> Bool {
        byte.isASCIIAlphanumeric || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: "~")
    }

    /// Appends `%` and a byte's two upper-case digits.
    public static func appendEscape(_ byte: UInt8, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "%"))
        text.append(Hexadecimal.upperCaseDigit(byte >> 4))
        text.append(Hexadecimal.upperCaseDigit(byte))
    }

    /// Reads a text strictly.
    ///
    /// - Parameters:
    ///   - text: A part of a URL or of a form.
    ///   - plusIsSpace: Whether `+` stands for a space, as in a form.
    /// - Returns: Nil where an escape is broken or the bytes are not UTF-8.
    public static func decoded(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var iterator = text.utf8.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = iterator.next().flatMap(Hexadecimal.value(of:)),
                    let low = iterator.next().flatMap(Hexadecimal.value(of:))
                else { return nil }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace:
                bytes.append(UInt8(ascii: " "))
            default:
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension String {
    /// The text with every byte escaped that `isKept` does not keep: by default all but RFC 3986's unreserved characters,
    /// which is right for any part of a URL or a form.
    public func percentEncoded(where isKept: (UInt8) -> Bool = PercentEncoding.isUnreserved) -> String {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(utf8.count + utf8.count / 2)
        for byte in utf8 {
            if isKept(byte) {
                encoded.append(byte)
            } else {
                PercentEncoding.appendEscape(byte, to: &encoded)
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// The text percent-encoded as a path: slashes stay.
    public func percentEncodedPath() -> String {
        percentEncoded { $0 == UInt8(ascii: "/") || PercentEncoding.isUnreserved($0) }
    }

    /// The text with its escapes resolved; broken escapes stay as they are, bytes that are not UTF-8 become U+FFFD.
    public func percentDecoded() -> String {
        guard utf8.contains(UInt8(ascii: "%")) else { return self }
        let bytes = Array(utf8)
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var offset = 0
        while offset < bytes.count {
            if bytes[offset] == UInt8(ascii: "%"), offset + 2 < bytes.count,
                let high = Hexadecimal.value(of: bytes[offset + 1]), let low = Hexadecimal.value(of: bytes[offset + 2])
            {
                decoded.append(high << 4 | low)
                offset += 3
            } else {
                decoded.append(bytes[offset])
                offset += 1
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }
}
