/// Writes values one after the other in few bytes. Internal to one process: the stored form of a
/// job is its record in the state topic, not this.
struct PackedWriter {
    private(set) var bytes: [UInt8]

    /// - Parameter capacity: about how many bytes will be written.
    init(capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// Continues after bytes that another writer has written.
    init(after bytes: consuming [UInt8]) { self.bytes = bytes }

    mutating func write(byte: UInt8) { bytes.append(byte) }

    /// Four bytes, which a reader finds at a known place.
    mutating func write(place: UInt32) { withUnsafeBytes(of: place) { bytes.append(contentsOf: $0) } }

    mutating func write(integer: Int64) {
        // Zigzag, so that small negative numbers stay small.
        var value = UInt64(bitPattern: (integer << 1) ^ (integer >> 63))
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: value))
    }

    mutating func write(_ instant: Instant?) {
        write(byte: instant == nil ? 0 : 1)
        if let instant { write(integer: instant.milliseconds) }
    }

    /// Absent, a UUID in sixteen bytes, a SHA-256 in 32, or the UTF-8 with its length.
    mutating func write(_ string: String?) {
        guard var string else { return bytes.append(0) }
        string.withUTF8 { utf8 in
            if let uuid = PackedUUID(utf8) {
                bytes.append(1)
                uuid.append(to: &bytes)
            } else if PackedDigest.isDigest(utf8) {
                bytes.append(3)
                PackedDigest.append(utf8, to: &bytes)
            } else {
                bytes.append(2)
                write(integer: Int64(utf8.count))
                bytes.append(contentsOf: utf8)
            }
        }
    }
}

/// Reads what a ``PackedWriter`` wrote.
struct PackedReader {
    fileprivate let bytes: UnsafeRawBufferPointer
    fileprivate var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func byte() -> UInt8 {
        defer { position += 1 }
        return bytes[position]
    }

    mutating func integer() -> Int64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = byte()
            value |= UInt64(next & 0x7f) << shift
            guard next & 0x80 != 0 else { break }
            shift += 7
        }
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    mutating func place() -> UInt32 {
        defer { position += 4 }
        return bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)
    }

    mutating func instant() -> Instant? {
        byte() == 0 ? nil : Instant(milliseconds: integer())
    }

    mutating func string() -> String? { withText { String(decoding: $0, as: UTF8.self) } }
}

extension PackedReader {
    /// Passes the text of a string to `body` without creating the string; `nil` for an absent one.
    mutating func withText<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
        switch byte() {
        case 0: return nil
        case 1:
            defer { position += 16 }
            return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 36) { text in
                PackedUUID.write(UnsafeRawBufferPointer(rebasing: bytes[position..<(position + 16)]), to: text)
                return body(UnsafeRawBufferPointer(text))
            }
        case 3:
            defer { position += 32 }
            return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { text in
                PackedDigest.write(UnsafeRawBufferPointer(rebasing: bytes[position..<(position + 32)]), to: text)
                return body(UnsafeRawBufferPointer(text))
            }
        default:
            let count = Int(integer())
            defer { position += count }
            return body(UnsafeRawBufferPointer(rebasing: bytes[position..<(position + count)]))
        }
    }
}

/// A UUID in its usual text form (lower case, 36 characters): most job ids and request ids.
///
/// Most texts of most jobs are UUIDs, so eight digits are converted at a time.
struct PackedUUID {
    private let high: UInt64
    private let low: UInt64

    /// `nil` unless the text is exactly what ``write(_:to:)`` writes.
    init?(_ utf8: UnsafeBufferPointer<UInt8>) {
        let (text, hyphen) = (UnsafeRawBufferPointer(utf8), UInt8(ascii: "-"))
        guard text.count == 36, text[8] == hyphen, text[13] == hyphen, text[18] == hyphen, text[23] == hyphen else {
            return nil
        }
        guard let first = Self.number(text, 0, 4), let second = Self.number(text, 9, 14),
            let third = Self.number(text, 19, 24), let fourth = Self.number(text, 28, 32)
        else { return nil }
        high = first << 32 | second
        low = third << 32 | fourth
    }

    /// The number that four digits and four more stand for; `nil` unless all are lower-case hexadecimal digits.
    private static func number(_ text: UnsafeRawBufferPointer, _ first: Int, _ second: Int) -> UInt64? {
        let characters = UInt64(group(text, first)) << 32 | UInt64(group(text, second))
        // Letters, and no decimal digits, have this bit.
        let letters = characters & 0x4040_4040_4040_4040
        let digits = (characters & 0x0f0f_0f0f_0f0f_0f0f) + (letters >> 6) * 9
        let isAboveNine = (digits + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        guard digits & 0xf0f0_f0f0_f0f0_f0f0 == 0, characters == digits + 0x3030_3030_3030_3030 + isAboveNine * 0x27
        else { return nil }
        let pairs = (digits | digits >> 4) & 0x00ff_00ff_00ff_00ff
        let quads = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff
        return (quads | quads >> 16) & 0xffff_ffff
    }

    private static func group(_ text: UnsafeRawBufferPointer, _ start: Int) -> UInt32 {
        UInt32(bigEndian: text.loadUnaligned(fromByteOffset: start, as: UInt32.self))
    }

    func append(to bytes: inout [UInt8]) {
        withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { bytes.append(contentsOf: $0) }
    }

    /// Writes the 36 characters.
    static func write(_ bytes: UnsafeRawBufferPointer, to buffer: UnsafeMutableBufferPointer<UInt8>) {
        var at = 0
        for (index, byte) in bytes.enumerated() {
            if index == 4 || index == 6 || index == 8 || index == 10 {
                buffer[at] = UInt8(ascii: "-")
                at += 1
            }
            buffer[at] = PackedDigest.digit(byte >> 4)
            buffer[at + 1] = PackedDigest.digit(byte & 15)
            at += 2
        }
    }
}
