import Foundation
import Logging
import PayoutAPI

/// One account's credentials and budget.
struct AccountConfiguration: Sendable {
    var name: String
    var baseURL: String
    var blobHosts: [String]
    var requestsPerSecond: Double
    var tokens: AzureADTokenProvider.Configuration

    /// The default account, if it is configured, and every account that the file names.
    static func all(_ reader: inout SettingReader) -> [AccountConfiguration] {
        let others = reader.settings.accountNames
        var accounts: [AccountConfiguration] = []
        // Beside named accounts the default one may be left out.
        let hasDefault = others.contains("default")
        let isDefaultSet =
            reader.optional("PAYOUT_API_CLIENT_ID") != nil || reader.optional("PAYOUT_API_USERNAME") != nil
        if !hasDefault, others.isEmpty || isDefaultSet {
            accounts.append(AccountConfiguration(&reader, "default", isNamed: false))
        }
        for name in others { accounts.append(AccountConfiguration(&reader, name, isNamed: true)) }
        return accounts
    }

    init(_ reader: inout SettingReader, _ name: String, isNamed: Bool) {
        let account = isNamed ? name : nil
        self.name = name
        baseURL = reader.text("PAYOUT_API_BASE_URL", account: account)
        blobHosts = reader.text("PAYOUT_API_BLOB_HOSTS", account: account).split(separator: ",")
            .map { $0.trimmingCharacters(in: .whitespaces) }
        let rate = Double(reader.text("PAYOUT_API_REQUESTS_PER_SECOND", account: account)) ?? 0
        if !(rate > 0 && rate.isFinite) {
            reader.problems.append("PAYOUT_API_REQUESTS_PER_SECOND must be a number above 0.")
        }
        requestsPerSecond = rate
        tokens = AzureADTokenProvider.Configuration(
            tenantID: reader.required("PAYOUT_API_TENANT_ID", "the directory (tenant) id", account: account),
            clientID: reader.required("PAYOUT_API_CLIENT_ID", "the application (client) id", account: account),
            flow: Self.flow(&reader, account)
        )
        tokens.authority = reader.text("PAYOUT_API_AUTHORITY", account: account)
        tokens.account = name
    }

    private static func flow(_ reader: inout SettingReader, _ account: String?) -> AzureADTokenProvider.Flow {
        let flow = reader.text("PAYOUT_API_AUTHENTICATION", account: account)
        let clientSecret = secret(&reader, "PAYOUT_API_CLIENT_SECRET", account)
        switch flow {
        case "client-credentials":
            let meaning = "the client-credentials flow needs it"
            _ = reader.required("PAYOUT_API_CLIENT_SECRET", meaning, account: account)
            return .clientCredentials(clientSecret: clientSecret ?? Secret(""))
        case "refresh-token":
            let token = reader.value("PAYOUT_API_REFRESH_TOKEN", account: account)
            _ = reader.required("PAYOUT_API_REFRESH_TOKEN", "the refresh-token flow needs it", account: account)
            let source = secret(&reader, "PAYOUT_API_REFRESH_TOKEN", account) ?? Secret("")
            // A token that came from a file is kept up to date there.
            return .refreshToken(source, clientSecret: clientSecret, savedIn: token?.path)
        default:
            if flow != "password" {
                reader.problems.append(
                    "PAYOUT_API_AUTHENTICATION must be password, refresh-token or client-credentials."
                )
            }
            let meaning = "the password flow needs it"
            let username = reader.required("PAYOUT_API_USERNAME", meaning, account: account)
            _ = reader.required("PAYOUT_API_PASSWORD", meaning, account: account)
            let password = secret(&reader, "PAYOUT_API_PASSWORD", account) ?? Secret("")
            return .password(username: username, password: password, clientSecret: clientSecret)
        }
    }

    private static func secret(_ reader: inout SettingReader, _ name: String, _ account: String?) -> Secret? {
        guard let value = reader.value(name, account: account), !value.text.isEmpty else { return nil }
        return value.path.map { Secret.file($0) } ?? Secret(value.text)
    }
}
