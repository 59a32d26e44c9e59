/// Why a text is no JSON, and where.
public struct JSONSyntaxError: Error, Hashable, Sendable {
    /// What is wrong with the text.
    public enum Problem: Hashable, Sendable {
        /// A problem of the document as a whole.
        case empty, unexpectedEnd, unexpectedByte, trailingBytes
        /// More objects and arrays lie within each other than the reader permits.
        case tooDeep(levels: Int)
        /// A problem of a single value.
        case controlCharacter, badEscape, loneSurrogate, badNumber, notUTF8
    }

    /// What is wrong.
    public let problem: Problem
    /// Bytes from the start of the text.
    public let offset: Int

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - problem: What is wrong.
    ///   - offset: Bytes from the start of the text.
    public init(_ problem: Problem = .unexpectedByte, at offset: Int = 0) {
        self.problem = problem
        self.offset = offset
    }

    /// What is wrong, without anything of the text in it: a sentence about "it".
    public var message: String {
        switch problem {
        case .empty: "it is empty"
        case .unexpectedEnd: "it ends early, after \(offset) bytes"
        case .unexpectedByte: "it has an unexpected character at byte \(offset)"
        case .trailingBytes: "something follows the document at byte \(offset)"
        case .tooDeep(let levels): "it nests deeper than \(levels) levels at byte \(offset)"
        case .controlCharacter: "a string has an unescaped control character at byte \(offset)"
        case .badEscape: "a string has an unknown escape at byte \(offset)"
        case .loneSurrogate: "a string has half of a surrogate pair at byte \(offset)"
        case .badNumber: "it has a malformed number at byte \(offset)"
        case .notUTF8: "it is not UTF-8 at byte \(offset)"
        }
    }
}
