/// The source of an API client's access tokens.
public protocol TokenProvider: Sendable {
    /// Returns a valid token.
    ///
    /// - Throws: ``AuthenticationFailure``, or `CancellationError` when the task was cancelled.
    func token() async throws -> AccessToken

    /// Discards a token that the service has refused: it must not be returned again.
    func invalidate(_ token: AccessToken) async
}
