import struct Foundation.UUID

private let upperHex = Array("0123456789ABCDEF".utf8)
private let lowerHex = Array("0123456789abcdef".utf8)

/// RFC 3986's unreserved characters.
private func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        true
    default:
        false
    }
}

extension String {
    /// The text with everything percent-encoded but unreserved characters: right for any part of a URL or a form.
    func percentEncoded() -> String {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(self.utf8.count + self.utf8.count / 2)
        for byte in self.utf8 {
            if isUnreserved(byte) {
                encoded.append(byte)
            } else {
                encoded.append(UInt8(ascii: "%"))
                encoded.append(upperHex[Int(byte >> 4)])
                encoded.append(upperHex[Int(byte & 0x0F)])
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// The text with its percent-encoding undone; broken escapes stay as they are.
    func percentDecoded() -> String {
        guard self.utf8.contains(UInt8(ascii: "%")) else { return self }
        let bytes = Array(self.utf8)
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var offset = 0
        while offset < bytes.count {
            if bytes[offset] == UInt8(ascii: "%"), offset + 2 < bytes.count, let high = hexDigit(bytes[offset + 1]),
                let low = hexDigit(bytes[offset + 2])
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

extension UUID {
    /// The usual form in lower case, as the service writes it.
    var lowercaseText: String {
        withUnsafeBytes(of: self.uuid) { bytes in
            String(unsafeUninitializedCapacity: 36) { target in
                var position = 0
                for (index, byte) in bytes.enumerated() {
                    if index == 4 || index == 6 || index == 8 || index == 10 {
                        target[position] = UInt8(ascii: "-")
                        position += 1
                    }
                    target[position] = lowerHex[Int(byte >> 4)]
                    target[position + 1] = lowerHex[Int(byte & 0x0F)]
                    position += 2
                }
                return position
            }
        }
    }
}

/// A form's body: `name=value&…`, every value percent-encoded.
func formBody(_ fields: [(name: String, value: String)]) -> String {
    fields.map { "\($0.name.percentEncoded())=\($0.value.percentEncoded())" }.joined(separator: "&")
}

/// Bytes in lower-case hexadecimal.
func hexText(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    for byte in bytes {
        text.append(lowerHex[Int(byte >> 4)])
        text.append(lowerHex[Int(byte & 0x0F)])
    }
    return String(decoding: text, as: UTF8.self)
}
