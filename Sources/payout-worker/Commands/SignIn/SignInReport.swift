import EntraIdentity
import Foundation

/// The result of a sign-in. It contains no token.
struct SignInReport: Encodable {
    var account: String
    var user: String?
    var tenant: String?
    var audience: [String]
    /// Whether multi-factor authentication was used; nil if the token does not contain it.
    var multiFactorAuthentication: Bool?
    var permissions: [String]
    var accessTokenExpires: Date?
    var savedIn: String?
    var problems: [TokenFinding]

    init(_ signedIn: SignedIn, _ target: SignInTarget) {
        let claims = signedIn.claims
        account = target.account
        user = signedIn.userName
        tenant = signedIn.tenantID
        audience = claims?.audiences ?? []
        multiFactorAuthentication = claims?.hasMFA
        permissions = (claims?.scopes ?? []) + (claims?.roles ?? [])
        accessTokenExpires = claims?.expires
        var problems =
            claims?.problems(
                resource: target.configuration.resource,
                tenantID: target.configuration.tenantID,
                now: signedIn.time,
                isNew: true
            ) ?? []
        if signedIn.refreshToken == nil { problems.append(.noRefreshToken) }
        self.problems = problems.map { TokenFinding($0, tenantID: target.configuration.tenantID) }
    }

    /// The report as text.
    var lines: [String] {
        let mfa: String
        switch multiFactorAuthentication {
        case true?: mfa = "yes"
        case false?: mfa = "no"
        case nil: mfa = "not stated in the token"
        }
        let fields: [(String, String?)] = [
            ("Account", account), ("User", user), ("Tenant", tenant), ("Token for", audience.joined(separator: ", ")),
            ("Permissions", permissions.joined(separator: ", ")), ("Multi-factor authentication", mfa),
            ("Access token expires", accessTokenExpires?.formatted(.iso8601)), ("Refresh token saved in", savedIn),
        ]
        return fields.compactMap { name, value in
            guard let value, !value.isEmpty else { return nil }
            return TextTable.line([name, TextTable.printable(value)], widths: [27, 0])
        }
    }
}

/// Why a token will not work, and what to do.
struct TokenFinding: Encodable, Sendable, Equatable {
    var message: String
    var remedy: String

    init(_ problem: TokenProblem, tenantID: String) {
        switch problem {
        case .wrongAudience(let audiences):
            message = "The token is for \(audiences.joined(separator: ", ")), not for the payout API."
            remedy =
                "In the application's registration, under API permissions, add the delegated permission user_impersonation of "
                + "Microsoft Partner (Dev Center), \(TokenClaims.partnerAPI)."
        case .noMFA:
            message =
                "You signed in without multi-factor authentication; the service refuses such tokens (900421)."
            remedy =
                "Register a second factor for the user at https://aka.ms/mfasetup, or ask an administrator to require one by "
                + "policy. Then run 'payout-worker sign-in' again and use a private window of the browser."
        case .wrongTenant(let tenant):
            message = "The token belongs to tenant \(tenant), but PAYOUT_API_TENANT_ID is \(tenantID)."
            remedy = "Sign in with a user of the configured tenant, or correct PAYOUT_API_TENANT_ID."
        case .noPermission:
            message = "The token contains no permission."
            remedy =
                "Add the delegated permission user_impersonation of Microsoft Partner (Dev Center) to the application's "
                + "registration and grant admin consent."
        case .noRefreshToken:
            message = "The identity platform issued no refresh token; a worker could not run longer than an hour."
            remedy = "Grant the application offline_access. A policy of the tenant may deny it."
        case .clockOff(let difference):
            let minutes = abs(difference.components.seconds) / 60
            let direction = difference > .zero ? "ahead of" : "behind"
            message = "This machine's clock is about \(minutes) min \(direction) the identity platform's."
            remedy = "Set the clock, for example with NTP (timedatectl set-ntp true), and sign in again."
        }
    }
}
