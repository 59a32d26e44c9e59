import NIOCore
import NIOPosix

/// The secrets of one token request, as they were when it began.
struct Credentials: Sendable, Hashable {
    var password: String?
    var clientSecret: String?
    /// The refresh tokens to try, the likeliest first.
    var refreshTokens: [String] = []

    /// Everything that must not be seen in an error.
    var secrets: [String] { [self.password, self.clientSecret].compactMap(\.self) + self.refreshTokens }
}

extension AzureADTokenProvider.Flow {
    /// Whether reading the secrets touches files.
    private var hasFiles: Bool {
        switch self {
        case .password(_, let password, let clientSecret):
            password.filePath != nil || clientSecret?.filePath != nil
        case .refreshToken(let token, let clientSecret, let savedIn):
            token.filePath != nil || clientSecret?.filePath != nil || savedIn != nil
        case .clientCredentials(let clientSecret):
            clientSecret.filePath != nil
        }
    }

    /// Reads the secrets, off the cooperative threads where files are involved.
    ///
    /// - Parameter store: Where refresh tokens that were handed out since are kept.
    func readCredentials(_ store: RefreshTokenStore) async throws -> Credentials {
        guard self.hasFiles else { return try self.readSecrets(store) }
        return try await NIOSingletons.posixBlockingThreadPool.runIfActive { try self.readSecrets(store) }
    }

    private func readSecrets(_ store: RefreshTokenStore) throws(SecretUnavailable) -> Credentials {
        var credentials = Credentials()
        switch self {
        case .password(_, let password, let clientSecret):
            credentials.password = try password.read()
            credentials.clientSecret = try clientSecret?.read()
        case .refreshToken(_, let clientSecret, _):
            credentials.refreshTokens = try store.candidates()
            credentials.clientSecret = try clientSecret?.read()
        case .clientCredentials(let clientSecret):
            credentials.clientSecret = try clientSecret.read()
        }
        return credentials
    }
}
