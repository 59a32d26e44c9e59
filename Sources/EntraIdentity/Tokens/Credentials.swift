import NIOCore
import NIOPosix
import Primitives

/// The secrets of one token request, read when it begins. `EntraTokenProvider` compares them to lift a refusal when they
/// change.
struct Credentials: Sendable, Hashable {
    var password: String?
    var clientSecret: String?
    /// The refresh tokens to try.
    var refreshTokens = RefreshTokens()

    /// All texts to redact in errors.
    var secrets: [String] { [password, clientSecret].compactMap(\.self) + refreshTokens.texts }
}

extension EntraTokenProvider.Flow {
    /// Whether secrets are in files.
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

    /// Reads the secrets; files are read on a thread that may block.
    ///
    /// - Parameter store: The store of the account's refresh tokens.
    func readCredentials(_ store: RefreshTokenStore) async throws -> Credentials {
        guard hasFiles else { return try readSecrets(store) }
        return try await NIOSingletons.posixBlockingThreadPool.runIfActive { try readSecrets(store) }
    }

    private func readSecrets(_ store: RefreshTokenStore) throws(SecretUnavailable) -> Credentials {
        var credentials = Credentials()
        switch self {
        case .password(_, let password, let clientSecret):
            credentials.password = try password.read()
            credentials.clientSecret = try clientSecret?.read()
        case .refreshToken(_, let clientSecret, _):
            credentials.refreshTokens = try store.read()
            credentials.clientSecret = try clientSecret?.read()
        case .clientCredentials(let clientSecret):
            credentials.clientSecret = try clientSecret.read()
        }
        return credentials
    }
}
