import Crypto

/// Bytes as lower-case hexadecimal.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 0xF)])
    }
    return String(decoding: text, as: UTF8.self)
}

/// The SHA-256 of bytes in lower-case hexadecimal.
func sha256Hexadecimal(_ bytes: [UInt8]) -> String {
    hexadecimal(SHA256.hash(data: bytes))
}
