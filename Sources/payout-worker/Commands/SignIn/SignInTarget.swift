import EntraIdentity
import Foundation
import HTTPAccess
import PayoutAPI
import Primitives

/// The account that signs in, and the location of its refresh token.
struct SignInTarget: Sendable {
    /// The file for the token, and its content.
    enum Place: Sendable {
        /// The token alone: for a secret, or the configured token's own file.
        case alone(RefreshTokenFile)
        /// The file that running workers use.
        case store(RefreshTokenFile)

        var file: RefreshTokenFile {
            switch self {
            case .alone(let file), .store(let file): file
            }
        }
    }

    var account: String
    var configuration: InteractiveSignIn.Configuration
    /// How the identity platform is reached.
    var network: NetworkSettings
    var place: Place
    /// The currently configured token, if there is one.
    var configured: Secret?
    /// The configured flow, if it is not refresh-token. Workers then do not use the token.
    var otherFlow: String?

    /// The absolute path of the file for the token.
    var absolutePath: String { URL(fileURLWithPath: place.file.path).path }

    /// Reads only the settings of the sign-in. The rest of the configuration may be missing.
    ///
    /// - Parameters:
    ///   - out: The value of --out.
    ///   - timeLimit: The time limit for the sign-in.
    init(_ settings: Settings, account name: String, out: String?, timeLimit: Duration) throws {
        let isNamed = settings.accountNames.contains(name)
        guard isNamed || name == "default" else {
            let names = (["default"] + settings.accountNames).joined(separator: ", ")
            throw ConfigurationError("The account '\(name)' is not configured. Configured accounts: \(names).")
        }
        let account = isNamed ? name : nil
        var reader = SettingReader(settings)
        var configuration = InteractiveSignIn.Configuration(EntraApplication(&reader, account, named: name))
        configuration.clientSecret = AccountConfiguration.secret(&reader, "PAYOUT_API_CLIENT_SECRET", account)
        configuration.timeLimit = timeLimit
        let setting = reader.text("PAYOUT_API_REFRESH_TOKEN_SAVED_IN", account: account)
        let path = settings.secretPath("PAYOUT_API_REFRESH_TOKEN", account: account)
        if let out {
            place = .alone(RefreshTokenFile(path: out))
        } else if let saved = RefreshTokenPlace.path(setting, name) {
            place = .store(RefreshTokenFile(path: saved))
        } else if let path {
            place = .alone(RefreshTokenFile(path: path))
        } else {
            place = .alone(RefreshTokenFile(path: ""))
            reader.problems.append(
                "The refresh token has no location: set --out FILE or PAYOUT_API_REFRESH_TOKEN_SAVED_IN."
            )
        }
        network = NetworkSettings(&reader)
        otherFlow = reader.given("PAYOUT_API_AUTHENTICATION", account: account).flatMap {
            $0 == "refresh-token" ? nil : $0
        }
        if out == nil { reader.problems += Self.sharedFileProblems(settings, place.file.path, name) }
        guard reader.problems.isEmpty else { throw ConfigurationError(reader.problems) }
        self.account = name
        self.configuration = configuration
        if let path {
            configured = .file(path)
        } else {
            configured = AccountConfiguration.secret(&reader, "PAYOUT_API_REFRESH_TOKEN", account)
        }
    }

    /// The token of an account must not replace another account's token.
    private static func sharedFileProblems(_ settings: Settings, _ path: String, _ name: String) -> [String] {
        // Other problems of the accounts do not matter here.
        var reader = SettingReader(settings)
        let others = AccountConfiguration.all(&reader).filter { $0.name != name && $0.savedRefreshToken == path }
        return AccountConfiguration.sharedFileProblems([path] + others.map { _ in path })
    }

    /// Saves the token. If that fails, the file is unchanged.
    func save(_ token: Secret, _ signedIn: SignedIn) async throws {
        switch place {
        case .alone(let file): try await file.save(alone: token)
        case .store(let file): try await file.save(token, inPlaceOf: configured, signedIn: signedIn.time)
        }
    }
}
