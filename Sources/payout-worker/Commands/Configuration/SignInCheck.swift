import EntraIdentity
import Foundation
import PayoutAPI
import PayoutFilters
import Primitives

/// Tries an account: obtains a token, describes it, and makes a call without effect.
struct SignInCheck {
    let account: AccountConfiguration
    let tokens: EntraTokenProvider
    let client: PayoutClient

    private var resource: String { account.tokens.resource }

    func run() async -> [ConnectionFinding] {
        var findings = await Self.settings(of: account)
        let token: AccessToken
        do {
            token = try await tokens.token()
        } catch {
            return findings + savedToken() + [
                ConnectionFinding(outcome: .failed, what: "sign-in of \(account.name)", message: "\(error)")
            ]
        }
        findings += savedToken()
        findings.append(
            ConnectionFinding(
                outcome: .ok,
                what: "sign-in of \(account.name)",
                message: "\(account.tokens.authority) issues a token"
            )
        )
        let claims = TokenClaims(token)
        findings += explanation(of: claims)
        findings.append(await call(claims))
        return findings
    }

    /// Why the saved token was not used, if it was not. A token that was issued since has replaced a corrupt one.
    private func savedToken() -> [ConnectionFinding] {
        guard let problem = tokens.refreshTokenStatus?.savedUnusable else { return [] }
        return [
            ConnectionFinding(
                outcome: .warning,
                what: "refresh token of \(account.name)",
                message: "the saved token is not used: \(problem)"
            )
        ]
    }

    // MARK: Without the network

    /// The findings about an account's settings before anything is tried: its flow, its host, and whether refresh tokens can
    /// be saved.
    static func settings(of account: AccountConfiguration) async -> [ConnectionFinding] {
        var findings: [ConnectionFinding] = []
        if URL(string: account.baseURL)?.host?.lowercased() == "api.partnercenter.microsoft.com" {
            findings.append(
                ConnectionFinding(
                    outcome: .warning,
                    what: "host of \(account.name)",
                    message: "api.partnercenter.microsoft.com is another API and answers 404 to every call of payouts",
                    remedy: "Set PAYOUT_API_BASE_URL=https://api.partner.microsoft.com."
                )
            )
        }
        let what = "flow of \(account.name)"
        switch account.tokens.flow {
        case .password:
            findings.append(
                ConnectionFinding(
                    outcome: .warning,
                    what: what,
                    message:
                        "password: without multi-factor authentication, which the service enforces since June 2026",
                    remedy: "Run 'payout-worker sign-in' and use the refresh token."
                )
            )
        case .clientCredentials:
            findings.append(
                ConnectionFinding(
                    outcome: .warning,
                    what: what,
                    message:
                        "client-credentials: exempt from multi-factor authentication, but not documented for payouts"
                )
            )
        case .refreshToken:
            findings.append(
                ConnectionFinding(
                    outcome: .ok,
                    what: what,
                    message:
                        "refresh-token: expires 90 days after its last use, and ends with a new password or a revocation"
                )
            )
            findings.append(await place(of: account))
        }
        return findings
    }

    /// Whether the refresh tokens that replace the current one can be saved.
    private static func place(of account: AccountConfiguration) async -> ConnectionFinding {
        let what = "refresh token of \(account.name)"
        let remedy =
            "Set PAYOUT_API_REFRESH_TOKEN_SAVED_IN to a persistent file or folder that this user can write to."
        guard let path = account.savedRefreshToken else {
            return ConnectionFinding(
                outcome: .warning,
                what: what,
                message: "newer tokens are kept in memory only; after a restart the configured token is used again",
                remedy: remedy
            )
        }
        do {
            try await RefreshTokenFile(path: path).check()
            return ConnectionFinding(outcome: .ok, what: what, message: "newer tokens are saved in \(path)")
        } catch {
            // The token's own file is a default, which a mounted secret does not support. Another file was configured explicitly.
            let isOwnFile =
                if case .refreshToken(let token, _, _) = account.tokens.flow { token.filePath == path } else { false }
            let outcome: ConnectionFinding.Outcome = isOwnFile ? .warning : .failed
            return ConnectionFinding(outcome: outcome, what: what, message: "\(error)", remedy: remedy)
        }
    }

    // MARK: The token

    private func explanation(of claims: TokenClaims?) -> [ConnectionFinding] {
        let what = "token of \(account.name)"
        guard let claims else {
            return [
                ConnectionFinding(outcome: .skipped, what: what, message: "the token is opaque and was not checked")
            ]
        }
        let mfa = claims.hasMFA.map { $0 ? "yes" : "no" } ?? "not stated"
        let parts: [(String, String?)] = [
            ("user", claims.userName), ("tenant", claims.tenantID),
            ("for", claims.audiences.joined(separator: " ")),
            ("permissions", (claims.scopes + claims.roles).joined(separator: " ")),
            ("multi-factor authentication", claims.isApplicationOnly ? "exempt, no user" : mfa),
            ("expires", claims.expires?.formatted(.iso8601)),
        ]
        let text = parts.compactMap { name, value in (value?.isEmpty ?? true) ? nil : "\(name) \(value ?? "")" }
        let problems = claims.problems(
            resource: resource,
            tenantID: account.tokens.tenantID,
            now: Date(),
            isNew: true
        )
        let explained = ConnectionFinding(outcome: .ok, what: what, message: text.joined(separator: ", "))
        return [explained]
            + problems.map { problem in
                let finding = TokenFinding(problem, tenantID: account.tokens.tenantID)
                // Whether the service accepts these is shown by the call.
                let isCertain =
                    switch problem {
                    case .noMFA, .clockOff: false
                    default: true
                    }
                return ConnectionFinding(
                    outcome: isCertain ? .failed : .warning,
                    what: what,
                    message: finding.message,
                    remedy: finding.remedy
                )
            }
    }

    // MARK: The call

    /// Requests an export that does not exist, which has no effect. "Not found" proves that all the rest is valid.
    private func call(_ claims: TokenClaims?) async -> ConnectionFinding {
        let what = "API for \(account.name)"
        let absent = UUID().uuidString.lowercased()
        do {
            _ = try await client.get(kind: .payments, requestID: absent, correlationID: UUID())
            return ConnectionFinding(outcome: .ok, what: what, message: "\(account.baseURL) answers")
        } catch let error as PayoutAPIError {
            return Self.finding(of: error, account, claims)
        } catch {
            return ConnectionFinding(outcome: .failed, what: what, message: "\(error)")
        }
    }

    /// The meaning of the response to that call.
    static func finding(
        of error: PayoutAPIError,
        _ account: AccountConfiguration,
        _ claims: TokenClaims?
    ) -> ConnectionFinding {
        var finding = ConnectionFinding(outcome: .failed, what: "API for \(account.name)", message: error.description)
        switch error.reason {
        case .notFound where error.service?.code != nil:
            finding.outcome = .ok
            finding.message = "\(account.baseURL) answers"
        case .notFound:
            // A gateway answers like this to an unknown path, and the API may do so too.
            finding.outcome = .warning
            finding.message =
                "\(account.baseURL) answers 404 without the API's error code, as a wrong host does for every path"
            finding.remedy = "Check PAYOUT_API_BASE_URL; the API is at https://api.partner.microsoft.com."
        case .rejected:
            finding.outcome = .ok
            finding.message = "\(account.baseURL) answers (\(error.code))"
        case .mfaRequired:
            finding.message =
                "the service refuses the token: it was obtained without multi-factor authentication (900421)"
            finding.remedy = "Run 'payout-worker sign-in'."
        case .forbidden:
            finding.message =
                "the service denies access to the user (403): the user's role is not allowed to export payouts"
            finding.remedy = "Give the user a role in Partner Center that can see payouts, such as Account admin."
        case .unauthorized:
            let isForUs = claims?.problems(resource: account.tokens.resource, tenantID: "", now: Date(), isNew: false)
            let isWrongAudience = isForUs?.contains { if case .wrongAudience = $0 { true } else { false } } ?? false
            if isWrongAudience {
                finding.message = "the service refuses the token (401): it is for another API"
                finding.remedy = TokenFinding(.wrongAudience(claims?.audiences ?? []), tenantID: "").remedy
            }
        default: break
        }
        return finding
    }
}
