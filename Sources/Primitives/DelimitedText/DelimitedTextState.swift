/// Where in delimited text the last byte was: `LineCounter` and `DelimitedRecordParser` step through text with it.
///
/// A line ends at CR, LF or CRLF outside quotes. A quote opens a quoted field at the field's beginning only, elsewhere it is a
/// character; within a quoted field two quotes are one (RFC 4180).
struct DelimitedTextState: Sendable {
    /// What a byte means at its place.
    enum Meaning {
        /// A character of the field.
        case character
        /// Opens a quoted field. Right after a ``closingQuote`` it is a character, and the field continues.
        case openingQuote
        /// Closes a quoted field, or is the first of two quotes.
        case closingQuote
        /// Ends the field.
        case delimiter
        /// Ends a line that is not empty.
        case lineEnd
        /// Ends an empty line, such as the LF of a CRLF.
        case emptyLine
    }

    /// Whether the last byte is inside a quoted field.
    var isQuoted = false
    /// Whether the last byte ended a line, or there was none.
    var isLineStart = true
    /// Whether a quote as the next byte opens a field, or continues the one that has just been closed.
    var mayOpen = true

    static let quote = UInt8(ascii: "\"")
    static let comma = UInt8(ascii: ",")
    static let tab = UInt8(ascii: "\t")

    /// Reads one byte.
    ///
    /// - Parameter isDelimiter: Whether the byte separates fields outside quotes.
    @inline(__always)
    mutating func step(_ byte: UInt8, isDelimiter: Bool) -> Meaning {
        if isQuoted {
            guard byte == Self.quote else { return .character }
            (isQuoted, mayOpen) = (false, true)
            return .closingQuote
        }
        switch byte {
        case 0x0A, 0x0D:
            let isEmpty = isLineStart
            (isLineStart, mayOpen) = (true, true)
            return isEmpty ? .emptyLine : .lineEnd
        case Self.quote where mayOpen:
            (isQuoted, isLineStart) = (true, false)
            return .openingQuote
        default:
            (isLineStart, mayOpen) = (false, isDelimiter)
            return isDelimiter ? .delimiter : .character
        }
    }

    /// Reads any number of bytes, at least one, each of which is a ``Meaning/character``.
    mutating func skipCharacters() {
        if !isQuoted { (isLineStart, mayOpen) = (false, false) }
    }
}
