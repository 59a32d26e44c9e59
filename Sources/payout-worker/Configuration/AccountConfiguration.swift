import EntraIdentity
import ExportCore
import Foundation
import Logging
import PayoutAPI
import Primitives

/// One account's credentials and budget.
struct AccountConfiguration: Sendable {
    var name: String
    var baseURL: String
    var blobHosts: [String]
    var requestsPerSecond: Double
    /// Whether jobs without a filter are refused.
    var requiresFilter: Bool
    var tokens: EntraTokenProvider.Configuration

    /// The default account, if it is configured, and every account in the configuration file.
    static func all(_ reader: inout SettingReader) -> [AccountConfiguration] {
        let others = reader.settings.accountNames
        var accounts: [AccountConfiguration] = []
        // The default account is optional if there are named accounts.
        let hasDefault = others.contains("default")
        let isDefaultSet =
            reader.optional("PAYOUT_API_CLIENT_ID") != nil || reader.optional("PAYOUT_API_USERNAME") != nil
        if !hasDefault, others.isEmpty || isDefaultSet {
            accounts.append(AccountConfiguration(&reader, "default", isNamed: false))
        }
        for name in others { accounts.append(AccountConfiguration(&reader, name, isNamed: true)) }
        if let problem = problem(ofCount: accounts.count) { reader.problems.append(problem) }
        reader.problems += sharedFileProblems(accounts.compactMap(\.savedRefreshToken))
        return accounts
    }

    /// A file cannot store the tokens of several accounts.
    ///
    /// - Parameter files: The file of each account.
    static func sharedFileProblems(_ files: [String]) -> [String] {
        Set(files).sorted().filter { file in files.count(where: { $0 == file }) > 1 }.map { file in
            "PAYOUT_API_REFRESH_TOKEN_SAVED_IN: several accounts share the file '\(file)'. Set it to a folder, which "
                + "has one file per account."
        }
    }

    /// The problem with this number of accounts; nil if there is none.
    static func problem(ofCount count: Int) -> String? {
        guard count > CoreConfiguration.maxAccounts else { return nil }
        return
            "accounts: \(count) are configured, and a worker supports at most \(CoreConfiguration.maxAccounts). Move "
            + "the others to another group of workers with its own topics."
    }

    init(_ reader: inout SettingReader, _ name: String, isNamed: Bool) {
        let account = isNamed ? name : nil
        self.name = name
        baseURL = reader.text("PAYOUT_API_BASE_URL", account: account)
        blobHosts = reader.text("PAYOUT_API_BLOB_HOSTS", account: account).split(separator: ",")
            .map { $0.trimmingCharacters(in: .whitespaces) }
        let rate = Double(reader.text("PAYOUT_API_REQUESTS_PER_SECOND", account: account)) ?? 0
        if !(rate > 0 && rate.isFinite) {
            reader.problems.append("PAYOUT_API_REQUESTS_PER_SECOND must be a number greater than 0.")
        }
        requestsPerSecond = rate
        requiresFilter = reader.boolean("PAYOUT_API_REQUIRE_FILTER", account: account)
        tokens = EntraTokenProvider.Configuration(
            EntraApplication(&reader, account, named: name),
            flow: Self.flow(&reader, account, name)
        )
    }

    /// The file that refresh tokens are saved in; nil for other flows, and if tokens are kept in memory only.
    var savedRefreshToken: String? {
        if case .refreshToken(_, _, let savedIn) = tokens.flow { savedIn } else { nil }
    }

    private static func flow(
        _ reader: inout SettingReader,
        _ account: String?,
        _ name: String
    ) -> EntraTokenProvider.Flow {
        let clientSecret = secret(&reader, "PAYOUT_API_CLIENT_SECRET", account)
        let savedIn = RefreshTokenPlace.path(reader.text("PAYOUT_API_REFRESH_TOKEN_SAVED_IN", account: account), name)
        let flow = reader.given("PAYOUT_API_AUTHENTICATION", account: account) ?? defaultFlow(&reader, account, savedIn)
        switch flow {
        case "client-credentials":
            let meaning = "the client-credentials flow requires it"
            _ = reader.required("PAYOUT_API_CLIENT_SECRET", meaning, account: account)
            return .clientCredentials(clientSecret: clientSecret ?? Secret(""))
        case "refresh-token":
            let token = reader.refreshToken(account: account)
            if savedIn == nil {
                let meaning = "the refresh-token flow requires it; run 'payout-worker sign-in' to obtain one"
                _ = reader.required("PAYOUT_API_REFRESH_TOKEN", meaning, account: account)
            }
            let source = token.map { value in value.path.map { Secret.file($0) } ?? Secret(value.text) } ?? Secret("")
            // A token that was read from a file is updated in that file, unless another location is configured.
            return .refreshToken(source, clientSecret: clientSecret, savedIn: savedIn ?? token?.path)
        default:
            if flow != "password" {
                reader.problems.append(
                    "PAYOUT_API_AUTHENTICATION must be refresh-token, password or client-credentials."
                )
            }
            let meaning = "the password flow requires it"
            let username = reader.required("PAYOUT_API_USERNAME", meaning, account: account)
            _ = reader.required("PAYOUT_API_PASSWORD", meaning, account: account)
            let password = secret(&reader, "PAYOUT_API_PASSWORD", account) ?? Secret("")
            return .password(username: username, password: password, clientSecret: clientSecret)
        }
    }

    /// The flow if none is configured: refresh-token, if there is a token. If there is only a location for one, user name
    /// and password are used until a person signs in.
    private static func defaultFlow(_ reader: inout SettingReader, _ account: String?, _ savedIn: String?) -> String {
        if let token = reader.refreshToken(account: account), !token.text.isEmpty { return "refresh-token" }
        guard let savedIn else { return "password" }
        if FileManager.default.fileExists(atPath: savedIn) { return "refresh-token" }
        let hasPassword =
            reader.given("PAYOUT_API_USERNAME", account: account) != nil
            && reader.given("PAYOUT_API_PASSWORD", account: account) != nil
        return hasPassword ? "password" : "refresh-token"
    }

    static func secret(_ reader: inout SettingReader, _ name: String, _ account: String?) -> Secret? {
        guard let value = reader.value(name, account: account), !value.text.isEmpty else { return nil }
        return value.path.map { Secret.file($0) } ?? Secret(value.text)
    }
}

/// Where the newest refresh token of an account is saved.
enum RefreshTokenPlace {
    /// - Parameters:
    ///   - setting: The value of `PAYOUT_API_REFRESH_TOKEN_SAVED_IN`: a file, or a folder.
    ///   - account: The account's name, which is the name of the file in a folder.
    /// - Returns: The file; nil if the setting is empty.
    static func path(_ setting: String, _ account: String) -> String? {
        guard !setting.isEmpty else { return nil }
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: setting, isDirectory: &isFolder)
        guard setting.hasSuffix("/") || (exists && isFolder.boolValue) else { return setting }
        let name = account.percentEncoded { PercentEncoding.isUnreserved($0) && !"-._~".utf8.contains($0) }
        return (setting.hasSuffix("/") ? setting : setting + "/") + name + ".refresh-token"
    }
}

extension EntraApplication {
    /// The application of an account, from the settings.
    init(_ reader: inout SettingReader, _ account: String?, named name: String) {
        self.init(
            tenantID: reader.required("PAYOUT_API_TENANT_ID", "the directory (tenant) id", account: account),
            clientID: reader.required("PAYOUT_API_CLIENT_ID", "the application (client) id", account: account)
        )
        authority = reader.text("PAYOUT_API_AUTHORITY", account: account)
        self.account = name
    }
}
