import struct Foundation.UUID
import Primitives

extension UUID {
    /// The UUID in lower case, as the service writes it.
    var lowercaseText: String {
        withUnsafeBytes(of: uuid) { bytes in
            String(unsafeUninitializedCapacity: 36) { target in
                var position = 0
                for (index, byte) in bytes.enumerated() {
                    if index == 4 || index == 6 || index == 8 || index == 10 {
                        target[position] = UInt8(ascii: "-")
                        position += 1
                    }
                    target[position] = Hexadecimal.digit(byte >> 4)
                    target[position + 1] = Hexadecimal.digit(byte)
                    position += 2
                }
                return position
            }
        }
    }
}
