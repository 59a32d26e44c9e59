import Primitives

/// Writes fields with their separators.
struct RowWriter {
    private(set) var bytes: [UInt8] = []
    private let separator: UInt8
    private var isFirst = true

    init(separator: UInt8, capacity: Int) {
        self.separator = separator
        bytes.reserveCapacity(capacity)
    }

    /// A text without quotes, separators or line ends.
    mutating func field(_ text: StaticString) {
        separate()
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    /// A text that may hold a comma: quoted where the comma separates.
    mutating func quotedField(_ text: StaticString) {
        separate()
        let isQuoted = separator == UInt8(ascii: ",")
        if isQuoted { bytes.append(UInt8(ascii: "\"")) }
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
        if isQuoted { bytes.append(UInt8(ascii: "\"")) }
    }

    /// A number of `digits` digits.
    mutating func field(_ value: UInt64, digits: Int) {
        separate()
        bytes.appendDigits(Int64(truncatingIfNeeded: value & 0x7FFF_FFFF_FFFF_FFFF), digits)
    }

    /// A text of a filter: quoted where it has to be.
    mutating func anyField(_ text: String) {
        separate()
        let special = [separator, UInt8(ascii: "\""), UInt8(ascii: "\n"), UInt8(ascii: "\r")]
        guard text.utf8.contains(where: special.contains) else { return bytes.append(contentsOf: text.utf8) }
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// An amount with two decimals.
    mutating func amount(cents: Int64) {
        separate()
        if cents < 0 { bytes.append(UInt8(ascii: "-")) }
        bytes.appendText(String(cents.magnitude / 100))
        bytes.append(UInt8(ascii: "."))
        bytes.appendDigits(Int64(cents.magnitude % 100), 2)
    }

    mutating func field(_ guid: GUID) {
        separate()
        guid.append(to: &bytes)
    }

    mutating func field(_ time: Timestamp) {
        separate()
        time.appendRFC3339(fractionDigits: 0, to: &bytes)
    }

    /// Lengthens the last field, so that a block comes out at its exact size.
    mutating func pad(by count: Int) {
        let filler = StaticString("- see note of adjustment ")
        filler.withUTF8Buffer { filler in
            for position in 0..<max(0, count) { bytes.append(filler[position % filler.count]) }
        }
    }

    mutating func endRow() {
        bytes.append(UInt8(ascii: "\n"))
        isFirst = true
    }

    private mutating func separate() {
        if !isFirst { bytes.append(separator) }
        isFirst = false
    }
}
