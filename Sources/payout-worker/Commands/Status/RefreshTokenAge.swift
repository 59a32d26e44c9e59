import EntraIdentity
import Foundation
import PayoutAPI
import Primitives
import WorkerTelemetry

/// The age of an account's refresh token, from its configured file.
struct RefreshTokenAge: Encodable, Sendable, Equatable {
    private static let warning = Double(RefreshTokenReport.warningAge.components.seconds)

    var account: String
    /// The time since the token was last used or issued. It expires after 90 days.
    var refreshTokenAgeSeconds: Double
    /// The time since a person signed in; nil if the file does not contain it.
    var signInAgeSeconds: Double?

    init(account: String, _ status: RefreshTokenStatus, now: Date) {
        self.account = account
        refreshTokenAgeSeconds = max(0, now.timeIntervalSince(status.lastUsed))
        signInAgeSeconds = status.signedIn.map { max(0, now.timeIntervalSince($0)) }
    }

    /// Reads the files of all accounts that sign in with a refresh token. Nothing else of the configuration is required.
    ///
    /// - Returns: The known ages, and what could not be read.
    static func read(_ settings: Settings) async -> (ages: [RefreshTokenAge], notes: [String]) {
        var reader = SettingReader(settings)
        var result: (ages: [RefreshTokenAge], notes: [String]) = ([], [])
        for account in AccountConfiguration.all(&reader) {
            guard let path = account.savedRefreshToken else { continue }
            do {
                guard let status = try await RefreshTokenFile(path: path).status() else { continue }
                result.ages.append(RefreshTokenAge(account: account.name, status, now: Date()))
            } catch {
                result.notes.append("the age of the refresh token of account '\(account.name)' (\(error))")
            }
        }
        return result
    }

    // MARK: Printing

    static func lines(_ ages: [RefreshTokenAge], fitting width: Int? = nil) -> [String] {
        guard !ages.isEmpty else { return [] }
        var table = TextTable(["ACCOUNT", "REFRESH TOKEN UNUSED FOR", "SIGNED IN"])
        for age in ages {
            table.add([
                age.account, Duration.seconds(age.refreshTokenAgeSeconds).shortText,
                age.signInAgeSeconds.map { Duration.seconds($0).shortText + " ago" } ?? "-",
            ])
        }
        return ["", table.rendered(fitting: width)] + ages.flatMap(\.warnings)
    }

    /// What to do before the token expires or the sign-in is no longer accepted.
    var warnings: [String] {
        let name = TextTable.printable(account)
        let command = "payout-worker sign-in" + (account == "default" ? "" : " --account \(name)")
        var lines: [String] = []
        if refreshTokenAgeSeconds >= Self.warning {
            let days = Int(refreshTokenAgeSeconds / 86_400)
            lines.append(
                "Warning: the refresh token of account '\(name)' has not been used for \(days) days; it expires after 90. "
                    + "Run '\(command)'."
            )
        }
        if let signInAgeSeconds, signInAgeSeconds >= Self.warning {
            let days = Int(signInAgeSeconds / 86_400)
            lines.append(
                "Warning: the last sign-in with multi-factor authentication for account '\(name)' was \(days) days ago; a "
                    + "policy of the tenant may revoke it. Run '\(command)'."
            )
        }
        return lines
    }
}
