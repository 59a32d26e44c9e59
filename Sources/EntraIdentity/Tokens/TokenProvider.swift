import NIOCore
import NIOPosix
public import Primitives

/// The source of an API client's access tokens.
public protocol TokenProvider: Sendable {
    /// Returns a valid token.
    ///
    /// - Throws: ``AuthenticationFailure``, or `CancellationError` when the task was cancelled.
    func token() async throws -> AccessToken

    /// Discards a token that the service has refused: it must not be returned again.
    func invalidate(_ token: AccessToken) async
}

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

/// A token provider for a token that another program renews, for example in a file.
public struct StaticTokenProvider: TokenProvider {
    private let secret: Secret

    /// Makes a provider.
    ///
    /// - Parameter token: The token; a file is read again whenever it has changed.
    public init(_ token: Secret) {
        secret = token
    }

    /// The present token.
    public func token() async throws -> AccessToken {
        do {
            guard self.secret.filePath != nil else { return AccessToken(try self.secret.read()) }
            let secret = self.secret
            return AccessToken(try await NIOSingletons.posixBlockingThreadPool.runIfActive { try secret.read() })
        } catch {
            throw AuthenticationFailure(
                reason: .secretUnavailable,
                detail: (error as? SecretUnavailable)?.description
            )
        }
    }

    /// Does nothing: only the other program can renew the token.
    public func invalidate(_ token: AccessToken) async {}
}
