/// Writes Protobuf's binary format: fields one after the other, straight into the record's bytes.
///
/// A field with the default value of its kind is left out, except where the schema says `optional`: the caller writes
/// those only where they are present.
struct WireWriter {
    private(set) var bytes: [UInt8] = []

    /// - Parameter capacity: about how many bytes will be written.
    init(capacity: Int) { bytes.reserveCapacity(capacity) }

    /// A number, or nothing where it is 0.
    mutating func number(_ field: UInt8, _ value: some FixedWidthInteger) {
        if value != 0 { present(field, value) }
    }

    /// A number of an `optional` field.
    mutating func present(_ field: UInt8, _ value: (some FixedWidthInteger)?) {
        guard let value else { return }
        tag(field, .varint)
        varint(UInt64(truncatingIfNeeded: value))
    }

    /// A text, or nothing where it is empty.
    mutating func text(_ field: UInt8, _ text: String) {
        if !text.isEmpty { present(field, text) }
    }

    /// A text of an `optional` field.
    mutating func present(_ field: UInt8, _ text: String?) {
        guard var text else { return }
        tag(field, .bytes)
        text.withUTF8 { utf8 in
            varint(UInt64(utf8.count))
            bytes.append(contentsOf: utf8)
        }
    }

    /// A message; `body` writes its fields.
    mutating func message(_ field: UInt8, _ body: (inout WireWriter) -> Void) {
        tag(field, .bytes)
        // The length precedes the message. Where it needs more than one byte, the message is moved, which costs less
        // than to compute its length before.
        let place = bytes.count
        bytes.append(0)
        body(&self)
        var length = bytes.count - place - 1
        var index = place
        while length >= 0x80 {
            bytes[index] = UInt8(truncatingIfNeeded: length) | 0x80
            index += 1
            bytes.insert(0, at: index)
            length >>= 7
        }
        bytes[index] = UInt8(truncatingIfNeeded: length)
    }

    /// Fields beyond the fifteenth, whose tags have two bytes, do not exist.
    private mutating func tag(_ field: UInt8, _ type: WireType) { bytes.append(field << 3 | type.rawValue) }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}
