/// Writes values one after the other in few bytes. Internal to one process: the stored form of a
/// job is its record in the state topic, not this.
struct PackedWriter {
    private(set) var bytes: [UInt8] = []

    mutating func reserve(_ count: Int) { bytes.reserveCapacity(count) }

    mutating func write(byte: UInt8) { bytes.append(byte) }

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

    /// Absent, a UUID in sixteen bytes, or the UTF-8 with its length.
    mutating func write(_ string: String?) {
        guard var string else { return bytes.append(0) }
        string.withUTF8 { utf8 in
            if let uuid = PackedUUID(utf8) {
                bytes.append(1)
                uuid.append(to: &bytes)
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
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

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

    mutating func instant() -> Instant? {
        byte() == 0 ? nil : Instant(milliseconds: integer())
    }

    mutating func string() -> String? {
        switch byte() {
        case 0: return nil
        case 1:
            defer { position += 16 }
            return PackedUUID.text(UnsafeRawBufferPointer(rebasing: bytes[position..<(position + 16)]))
        default:
            let count = Int(integer())
            defer { position += count }
            return String(
                decoding: UnsafeRawBufferPointer(rebasing: bytes[position..<(position + count)]),
                as: UTF8.self
            )
        }
    }
}

/// A UUID in its usual text form (lower case, 36 characters): most job ids and request ids.
struct PackedUUID {
    private var high: UInt64 = 0
    private var low: UInt64 = 0

    /// `nil` unless the text is exactly what ``text(_:)`` would give back.
    init?(_ utf8: UnsafeBufferPointer<UInt8>) {
        guard utf8.count == 36 else { return nil }
        var digits = 0
        for (index, character) in utf8.enumerated() {
            if index == 8 || index == 13 || index == 18 || index == 23 {
                guard character == UInt8(ascii: "-") else { return nil }
                continue
            }
            let digit: UInt64
            switch character {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = UInt64(character - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = UInt64(character - UInt8(ascii: "a") + 10)
            default: return nil
            }
            if digits < 16 { high = high << 4 | digit } else { low = low << 4 | digit }
            digits += 1
        }
    }

    func append(to bytes: inout [UInt8]) {
        for word in [high, low] {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
    }

    static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            var at = 0
            for (index, byte) in bytes.enumerated() {
                if index == 4 || index == 6 || index == 8 || index == 10 {
                    buffer[at] = UInt8(ascii: "-")
                    at += 1
                }
                buffer[at] = digit(byte >> 4)
                buffer[at + 1] = digit(byte & 15)
                at += 2
            }
            return at
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
