/// The place of one value in a JSON text. Nothing is copied until somebody asks for it.
struct JSONToken {
    enum Kind: UInt8 {
        case null, boolean, number, array, object
        /// A string without escapes: its bytes are its text.
        case string
        /// A string with at least one escape.
        case escapedString
    }

    var kind: Kind
    /// The value's first byte; of a string, the first after the quote.
    var start: Int
    /// The byte after the value's last; of a string, its closing quote.
    var end: Int

    var isString: Bool { kind == .string || kind == .escapedString }

    /// What people call a value of this kind.
    var noun: String {
        switch kind {
        case .null: "null"
        case .boolean: "a boolean"
        case .number: "a number"
        case .array: "an array"
        case .object: "an object"
        case .string, .escapedString: "a string"
        }
    }
}

/// Why a text is no JSON, and where.
struct JSONFault: Error {
    enum Problem {
        case empty, unexpectedEnd, unexpectedByte, trailingBytes, tooDeep
        case controlCharacter, badEscape, loneSurrogate, badNumber, notUTF8
    }

    var problem: Problem
    /// Bytes from the start of the text.
    var offset: Int

    /// What is wrong, without anything of the text in it.
    var message: String {
        switch problem {
        case .empty: "it is empty"
        case .unexpectedEnd: "it ends early, after \(offset) bytes"
        case .unexpectedByte: "it has an unexpected character at byte \(offset)"
        case .trailingBytes: "something follows the document at byte \(offset)"
        case .tooDeep: "it nests deeper than \(JSONScanner.maximumDepth) levels at byte \(offset)"
        case .controlCharacter: "a string has an unescaped control character at byte \(offset)"
        case .badEscape: "a string has an unknown escape at byte \(offset)"
        case .loneSurrogate: "a string has half of a surrogate pair at byte \(offset)"
        case .badNumber: "it has a malformed number at byte \(offset)"
        case .notUTF8: "it is not UTF-8 at byte \(offset)"
        }
    }
}
