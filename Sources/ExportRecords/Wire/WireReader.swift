/// How a field is encoded in Protobuf's binary format.
enum WireType: UInt8 {
    case varint, fixed64, bytes, groupStart, groupEnd, fixed32
}

/// The bytes are not Protobuf's binary format.
struct WireError: Error {}

/// Reads Protobuf's binary format: fields one after the other, in place.
///
/// It accepts and refuses exactly what Protobuf's own libraries do. Fields may come in any order and more than once; then
/// the last one counts. A field whose number or type is not known must be skipped with ``skip(_:)``.
struct WireReader {
    /// A field's number and type.
    typealias Field = (number: UInt32, type: WireType)

    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    /// How deep messages and groups may still be nested.
    private var depth: Int

    /// Protobuf's own limit of nested messages and groups is 100, the outermost message included.
    private static let deepest = 99

    /// Reads a whole message.
    init(_ bytes: UnsafeRawBufferPointer) { self.init(bytes, depth: Self.deepest) }

    private init(_ bytes: UnsafeRawBufferPointer, depth: Int) {
        self.bytes = bytes
        self.depth = depth
    }

    /// The next field, whose value must be read or skipped next; `nil` at the end of the message.
    mutating func next() throws(WireError) -> Field? {
        guard position < bytes.count else { return nil }
        let tag = try varint()
        guard tag < UInt32.max, tag >> 3 > 0, let type = WireType(rawValue: UInt8(tag & 7)) else { throw WireError() }
        return (UInt32(tag >> 3), type)
    }

    /// A number.
    mutating func integer<Value: FixedWidthInteger>(_: Value.Type = Value.self) throws(WireError) -> Value {
        Value(truncatingIfNeeded: try varint())
    }

    /// True or false.
    mutating func boolean() throws(WireError) -> Bool { try varint() != 0 }

    /// A text.
    mutating func text() throws(WireError) -> String {
        let content = try content()
        // Nearly every text is ASCII, which needs no validation; that is slower than the rest of reading a text.
        if content.reduce(0, |) < 0x80 { return String(decoding: content, as: UTF8.self) }
        guard let text = String(validating: content, as: UTF8.self) else { throw WireError() }
        return text
    }

    /// The fields of a nested message.
    mutating func message() throws(WireError) -> WireReader {
        guard depth > 0 else { throw WireError() }
        return WireReader(try content(), depth: depth - 1)
    }

    /// Passes over a field's value.
    mutating func skip(_ field: Field) throws(WireError) {
        switch field.type {
        case .varint: _ = try varint()
        case .fixed64: try advance(by: 8)
        case .fixed32: try advance(by: 4)
        case .bytes: _ = try content()
        case .groupEnd: throw WireError()
        case .groupStart:
            guard depth > 0 else { throw WireError() }
            depth -= 1
            while let inner = try next() {
                guard inner.type != .groupEnd else {
                    guard inner.number == field.number else { throw WireError() }
                    depth += 1
                    return
                }
                try skip(inner)
            }
            throw WireError()
        }
    }

    /// The content of a field that begins with its length.
    private mutating func content() throws(WireError) -> UnsafeRawBufferPointer {
        let length = try varint()
        let start = position
        guard length <= UInt64(bytes.count - start) else { throw WireError() }
        position += Int(length)
        return UnsafeRawBufferPointer(rebasing: bytes[start..<position])
    }

    private mutating func advance(by count: Int) throws(WireError) {
        guard count <= bytes.count - position else { throw WireError() }
        position += count
    }

    private mutating func varint() throws(WireError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < bytes.count, shift < 64 {
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            guard byte & 0x80 != 0 else { return value }
            shift += 7
        }
        throw WireError()
    }
}
