import NIOCore
import NIOPosix
public import Primitives

/// A token provider for a token that another program renews, for example in a file.
public struct StaticTokenProvider: TokenProvider {
    private let secret: Secret

    /// Makes a provider.
    ///
    /// - Parameter token: The token; a file is read again whenever it has changed.
    public init(_ token: Secret) {
        secret = token
    }

    /// The present token. A file is read outside the cooperative thread pool.
    public func token() async throws -> AccessToken {
        do {
            guard secret.filePath != nil else { return AccessToken(try secret.read()) }
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
