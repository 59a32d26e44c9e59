/// Removes secrets and control characters from a text of a server, before it reaches an error or a log.
public enum Redaction {
    /// Replaces a secret.
    public static let mark = "REDACTED"

    /// The longest result, in characters.
    public static let maximumLength = 400

    private static let maximumInput = 16 * 1024

    /// The longest character that is kept, in bytes: one may have as many scalars as its sender likes. Four times that of
    /// the longest emoji of a family.
    private static let longestCharacter = 100

    /// Removes known secrets, what looks like a secret, and control characters; truncates a text that is too long.
    ///
    /// - Parameters:
    ///   - text: Text that a server sent.
    ///   - secrets: What must not remain in it. Secrets of less than four bytes remain: they occur by chance in any text.
    public static func scrub(_ text: String, secrets: [String] = []) -> String {
        // The rest is not logged, and a server may send a lot.
        var scrubbed = text
        if text.utf8.count > maximumInput {
            scrubbed = String(String.UnicodeScalarView(text.unicodeScalars.prefix(maximumInput)))
        }
        for secret in secrets where secret.utf8.count >= 4 {
            scrubbed = replace(secret, in: scrubbed)
            scrubbed = replace(secret.percentEncoded(), in: scrubbed)
        }
        for lead in ["sig=", "bearer ", "eyj", "password=", "client_secret=", "refresh_token=", "access_token="] {
            scrubbed = redactRuns(in: scrubbed, after: lead)
        }
        return bounded(scrubbed)
    }

    /// One line without control characters, at most ``maximumLength`` characters.
    public static func bounded(_ text: String) -> String {
        var line = ""
        var count = 0
        var spaced = true
        for character in text {
            let isBlank =
                character.isWhitespace || character.isNewline
                || character.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
            if isBlank {
                if !spaced { line.append(" ") }
            } else if character.utf8.count > longestCharacter {
                line.append("\u{FFFD}")
            } else {
                line.append(character)
            }
            count += isBlank && spaced ? 0 : 1
            spaced = isBlank
            if count >= maximumLength { return line + "…" }
        }
        return spaced && !line.isEmpty ? String(line.dropLast()) : line
    }

    /// Compares bytes: a character that combines with the secret's last one would hide it from a comparison of characters.
    private static func replace(_ secret: String, in text: String) -> String {
        let (bytes, secret) = (Array(text.utf8), Array(secret.utf8))
        var result: [UInt8] = []
        var offset = 0
        while offset < bytes.count {
            if bytes[offset] == secret[0], bytes[offset...].starts(with: secret) {
                result.append(contentsOf: mark.utf8)
                offset += secret.count
            } else {
                result.append(bytes[offset])
                offset += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
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
                zip(bytes[offset..<(offset + lead.count)], lead).allSatisfy({ folded($0) == $1 })
            else {
                result.append(bytes[offset])
                offset += 1
                continue
            }
            result.append(contentsOf: bytes[offset..<(offset + lead.count)])
            offset += lead.count
            let start = offset
            while offset < bytes.count, belongsToToken(bytes[offset]) { offset += 1 }
            // "eyj" begins a token only when a token's length follows.
            if offset - start >= (lead.count == 3 ? 16 : 1) {
                result.append(contentsOf: mark.utf8)
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
