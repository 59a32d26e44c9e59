/// The place of one value in a JSON text. Nothing is copied until it is asked for.
public struct JSONToken: Sendable {
    /// What a value is.
    public enum Kind: UInt8, Sendable {
        /// A value that is not a string.
        case null, boolean, number, array, object
        /// A string without escapes: its bytes are its text.
        case string
        /// A string with at least one escape.
        case escapedString
    }

    /// What the value is.
    public let kind: Kind
    /// The value's first byte; of a string, the first after the quote.
    public let start: Int
    /// The byte after the value's last; of a string, its closing quote.
    public let end: Int

    /// Whether the value is a string, with or without escapes.
    public var isString: Bool { kind == .string || kind == .escapedString }

    /// The kind with its article, for messages: `a number`.
    public var noun: String {
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
