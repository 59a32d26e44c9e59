import Crypto
import Primitives

/// The SHA-256 of bytes in lower-case hexadecimal.
func sha256Hexadecimal(_ bytes: [UInt8]) -> String {
    Hexadecimal.encoded(SHA256.hash(data: bytes))
}
