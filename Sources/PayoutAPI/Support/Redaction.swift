import Foundation

/// Text from elsewhere, made fit for an error or a log.
enum Redaction {
    /// What stands where a secret stood.
    static let mark = "REDACTED"

    /// The longest text of a server's that is passed on, in characters.
    static let maximumLength = 400

    private static let maximumInput = 16 * 1024

    /// Takes out the secrets that are known, what looks like one, and control characters; cuts what is too long.
    ///
    /// - Parameters:
    ///   - text: Text that a server sent.
    ///   - secrets: What must not be seen in it; very short ones are left, they would eat half the text.
    static func scrub(_ text: String, secrets: [String] = []) -> String {
        // Nobody reads further, and servers may send a lot.
        var scrubbed = text.utf8.count <= Self.maximumInput ? text : String(text.prefix(Self.maximumInput))
        for secret in secrets where secret.utf8.count >= 4 {
            scrubbed = scrubbed.replacingOccurrences(of: secret, with: Self.mark)
            scrubbed = scrubbed.replacingOccurrences(of: secret.percentEncoded(), with: Self.mark)
        }
        for lead in ["sig=", "bearer ", "eyj", "password=", "client_secret=", "refresh_token=", "access_token="] {
            scrubbed = Self.redactRuns(in: scrubbed, after: lead)
        }
        return Self.bounded(scrubbed)
    }

    /// One line without control characters, at most ``maximumLength`` characters.
    static func bounded(_ text: String) -> String {
        var line = ""
        var count = 0
        var spaced = true
        for character in text {
            let isBlank =
                character.isWhitespace || character.isNewline
                || character.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
            if isBlank {
                if !spaced { line.append(" ") }
            } else {
                line.append(character)
            }
            count += isBlank && spaced ? 0 : 1
            spaced = isBlank
            if count >= Self.maximumLength { return line + "…" }
        }
        return spaced && !line.isEmpty ? String(line.dropLast()) : line
    }

    /// Replaces what follows `lead` up to the next character that no token has in it.
    private static func redactRuns(in text: String, after lead: String) -> String {
        let bytes = Array(text.utf8)
        let lead = Array(lead.utf8)
        guard bytes.count > lead.count else { return text }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var offset = 0
        while offset < bytes.count {
            guard offset + lead.count < bytes.count,
                zip(bytes[offset..<(offset + lead.count)], lead).allSatisfy({ Self.folded($0) == $1 })
            else {
                result.append(bytes[offset])
                offset += 1
                continue
            }
            result.append(contentsOf: bytes[offset..<(offset + lead.count)])
            offset += lead.count
            let start = offset
            while offset < bytes.count, Self.belongsToToken(bytes[offset]) { offset += 1 }
            // "eyj" begins a token only when a token's length follows.
            if offset - start >= (lead.count == 3 ? 16 : 1) {
                result.append(contentsOf: Self.mark.utf8)
            } else {
                result.append(contentsOf: bytes[start..<offset])
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func folded(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }

    private static func belongsToToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: " "), UInt8(ascii: "&"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: ","),
            UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: ")"), UInt8(ascii: "}"), 0...0x1F:
            false
        default:
            true
        }
    }
}
