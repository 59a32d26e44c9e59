import Primitives

/// An access token. Prints as `REDACTED`.
public struct AccessToken: Sendable, Hashable {
    /// The token itself.
    public let value: String
    /// The `Authorization` header's value.
    package let header: String

    /// Wraps a token.
    public init(_ value: String) {
        self.value = value
        self.header = "Bearer \(value)"
    }
}

extension AccessToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Never the token.
    public var description: String { Redaction.mark }
    /// Never the token.
    public var debugDescription: String { Redaction.mark }
    /// Empty, so that `dump` does not print the token.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
