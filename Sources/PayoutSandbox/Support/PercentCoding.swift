/// A query or a form body (`application/x-www-form-urlencoded`) as its name and value pairs, in order.
struct FormFields: Sendable {
    private(set) var pairs: [(name: String, value: String)] = []

    /// Nil when a percent escape is broken or the decoded bytes are not UTF-8.
    init?(_ text: some StringProtocol) {
        guard !text.isEmpty else { return }
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = percentDecoded(parts[0]), let value = parts.count > 1 ? percentDecoded(parts[1]) : ""
            else { return nil }
            pairs.append((name, value))
        }
    }

    /// The first value of `name`.
    subscript(name: String) -> String? {
        pairs.first { $0.name == name }?.value
    }

    func count(of name: String) -> Int {
        pairs.count { $0.name == name }
    }
}

/// Decodes percent escapes and, as forms and the service's framework do, `+` as a space.
private func percentDecoded(_ text: some StringProtocol) -> String? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    var iterator = text.utf8.makeIterator()
    while let byte = iterator.next() {
        switch byte {
        case UInt8(ascii: "+"):
            bytes.append(UInt8(ascii: " "))
        case UInt8(ascii: "%"):
            guard let high = iterator.next()?.hexadecimalValue, let low = iterator.next()?.hexadecimalValue
            else { return nil }
            bytes.append(high << 4 | low)
        default:
            bytes.append(byte)
        }
    }
    return String(validating: bytes, as: UTF8.self)
}

/// Encodes everything but RFC 3986's unreserved characters.
func percentEncoded(_ text: String) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count + 16)
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            bytes.append(byte)
        default:
            bytes.append(UInt8(ascii: "%"))
            bytes.append(UInt8.upperHexadecimalDigit(byte >> 4))
            bytes.append(UInt8.upperHexadecimalDigit(byte & 0xF))
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}

extension UInt8 {
    fileprivate static func upperHexadecimalDigit(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + digit - 10
    }
}
