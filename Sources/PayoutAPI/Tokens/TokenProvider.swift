/// Where a client gets its access tokens from.
public protocol TokenProvider: Sendable {
    /// A token that is good for now.
    ///
    /// - Throws: ``AuthenticationFailure``, or `CancellationError` when the task was cancelled.
    func token() async throws -> AccessToken

    /// Says that the service refused a token: it must not be handed out again.
    func invalidate(_ token: AccessToken) async
}

/// An access token. Prints as `REDACTED`.
public struct AccessToken: Sendable, Hashable {
    /// The token itself.
    public let value: String
    /// The `Authorization` header's value.
    let header: String

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
    /// Nothing to see for `dump`.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Hands out a token that someone else looks after, for example in a file that is renewed from outside.
public struct StaticTokenProvider: TokenProvider {
    private let secret: Secret

    /// Makes a provider.
    ///
    /// - Parameter token: The token; a file is read again whenever it has changed.
    public init(_ token: Secret) {
        self.secret = token
    }

    /// The token as it is now.
    public func token() async throws -> AccessToken {
        do {
            return AccessToken(try self.secret.read())
        } catch {
            throw AuthenticationFailure(reason: .secretUnavailable, detail: error.description)
        }
    }

    /// Nothing can be done about it here.
    public func invalidate(_ token: AccessToken) async {}
}
