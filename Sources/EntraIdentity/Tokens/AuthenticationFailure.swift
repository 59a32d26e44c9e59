public import HTTPAccess

/// The error of a token request or a sign-in that yielded no access token. Token providers and ``InteractiveSignIn`` throw it;
/// API calls wrap it.
public struct AuthenticationFailure: Error, Sendable, Hashable {
    /// Why there is no token. More cases may be added.
    public enum Reason: Sendable, Hashable {
        /// AADSTS50076, 50079: the account must use multi-factor authentication.
        case mfaRequired
        /// AADSTS50078: a policy ended the sign-in with multi-factor authentication.
        case mfaExpired
        /// AADSTS70043: a policy of the tenant limits how long a sign-in lasts, and its time is over.
        case signInFrequency
        /// AADSTS50126: wrong user name or password.
        case wrongUserNameOrPassword
        /// AADSTS7000218: a confidential client sent no secret, or public client flows are disabled.
        case clientSecretRequired
        /// AADSTS65001: no user and no administrator has consented to the application.
        case consentRequired
        /// AADSTS90002: no such tenant.
        case tenantNotFound
        /// AADSTS700016: no such application in the tenant.
        case applicationNotFound
        /// AADSTS500011, 650052: the tenant lacks the API's service principal, which an administrator creates once.
        case apiMissingInTenant
        /// AADSTS650057: the application's registration lacks the permission for the API.
        case permissionNotRequested
        /// AADSTS70008 for a code, 54005: the authorization code or device code has expired, or was used already.
        case codeExpired
        /// AADSTS700082, 70008: the refresh token has expired.
        case refreshTokenExpired
        /// AADSTS50173: the refresh token was revoked, for example by a new password. AADSTS700084: its fixed lifetime is over.
        case refreshTokenRevoked
        /// AADSTS50053: the account is locked. It is not tried again until its credentials change or
        /// ``EntraTokenProvider/reset()`` is called: each try prolongs the lock.
        case accountLocked
        /// AADSTS7000215, 7000222: the client secret is wrong or has expired.
        case clientSecretRefused
        /// AADSTS50055: the password has expired.
        case passwordExpired
        /// AADSTS50057: the account is disabled.
        case accountDisabled
        /// AADSTS50034: no such user in the tenant.
        case userNotFound
        /// AADSTS53000 to 53003: a conditional access policy forbids it.
        case conditionalAccess
        /// AADSTS50011: the application's registration lacks the redirect URI.
        case redirectNotRegistered
        /// `access_denied`, `authorization_declined`, AADSTS65004: the person refused.
        case declined
        /// `expired_token`, or a wait that was too long: the person did not sign in, in time.
        case signInTimedOut
        /// `bad_verification_code`: the identity platform does not know the device code.
        case deviceCodeUnknown
        /// The answer belongs to another sign-in: its `state` or `nonce` differs, or the code's verifier does (AADSTS50148,
        /// 501481).
        case answerOfAnotherSignIn
        /// The machine has no free port for the browser's answer.
        case noListener
        /// Refused for another reason; the associated value is the answer's `error`.
        case refused(String)
        /// Too many token requests.
        case throttled
        /// The identity platform is temporarily unavailable.
        case unavailable
        /// There was no answer.
        case transport(TransportFailure)
        /// The answer has neither a token nor an error.
        case unreadableAnswer
        /// A secret's file cannot be read.
        case secretUnavailable
        /// No refresh token is saved yet.
        case notSignedIn
    }

    /// Why there is no token.
    public let reason: Reason
    /// The name of the account.
    public let account: String
    /// The answer's status; nil where there was no answer.
    public let httpStatus: Int?
    /// The number after `AADSTS`.
    public let aadCode: Int?
    /// The identity platform's correlation id of the request.
    public let correlationID: String?
    /// The wait that the identity platform asks for.
    public let retryAfter: Duration?
    /// The message of the identity platform or the system, in one line, without secrets.
    public let detail: String?

    /// The grant type of the request; nil if unknown.
    var grant: TokenGrantType?
    /// The identity platform's host, where the request got no answer.
    var host: String?

    /// Makes a failure, for providers of your own and for tests.
    public init(
        reason: Reason,
        account: String = "default",
        httpStatus: Int? = nil,
        aadCode: Int? = nil,
        correlationID: String? = nil,
        retryAfter: Duration? = nil,
        detail: String? = nil
    ) {
        self.reason = reason
        self.account = account
        self.httpStatus = httpStatus
        self.aadCode = aadCode
        self.correlationID = correlationID
        self.retryAfter = retryAfter
        self.detail = detail
    }

    /// How the caller handles the failure.
    public var recovery: Recovery {
        switch reason {
        case .throttled: .throttled
        case .unavailable, .unreadableAnswer: .retryable
        case .transport(let failure): failure == .unsendable ? .permanentForAccount : .retryable
        default: .permanentForAccount
        }
    }
}

extension AuthenticationFailure: CustomStringConvertible {
    /// What failed, for which account, why, and what to do. Holds no secrets.
    public var description: String {
        var text = "Failed to obtain an access token for account \(self.account): \(self.cause)."
        if let detail { text += " Details: \(detail)" + (detail.hasSuffix(".") ? "" : ".") }
        text += " \(self.remedy)"
        if let correlationID { text += " [correlation_id=\(correlationID)]" }
        return text
    }

    /// The cause, as a clause without a full stop.
    package var cause: String {
        let text = reason.cause
        if let aadCode { return "\(text) (AADSTS\(aadCode))" }
        return text
    }

    /// What to do.
    public var remedy: String {
        switch (reason, grant) {
        case (.mfaRequired, .password?):
            "Use the refresh-token flow: an account with multi-factor authentication cannot sign in by password."
        case (.refused("invalid_grant"), .refreshToken?): Reason.signInRemedy
        case (.transport(let failure), _): self.remedy(for: failure)
        default: reason.remedy
        }
    }

    /// The remedy for a request without an answer. The cause is usually on this machine or in its network.
    private func remedy(for failure: TransportFailure) -> String {
        let host = self.host ?? "the identity platform"
        return switch failure {
        case .tls:
            "Check the certificate that this machine receives for \(host): a proxy that inspects TLS has its own, which this "
                + "machine must trust. Also check the clock."
        case .unsendable: "Check the authority and the secrets for stray characters."
        case .shutDown: "Keep the transport open as long as tokens are requested."
        case .connect, .timeout, .closed, .unreadable, .other:
            "Check that this machine reaches \(host): check DNS, the firewall, and a proxy and its certificate."
        }
    }
}
