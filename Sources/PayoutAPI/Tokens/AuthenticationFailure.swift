/// No access token could be had.
public struct AuthenticationFailure: Error, Sendable, Hashable {
    /// Why there is no token. More may be added.
    public enum Reason: Sendable, Hashable {
        /// AADSTS50076, 50079: the account must use multi-factor authentication.
        case mfaRequired
        /// AADSTS50126: wrong user name or password.
        case wrongUserNameOrPassword
        /// AADSTS7000218: a confidential client came without its secret, or public client flows are off.
        case clientSecretRequired
        /// AADSTS65001: nobody has consented to the application.
        case consentRequired
        /// AADSTS90002: no such tenant.
        case tenantNotFound
        /// AADSTS700016: no such application in the tenant.
        case applicationNotFound
        /// AADSTS700082, 70008: the refresh token has expired.
        case refreshTokenExpired
        /// AADSTS50173, 700084 or a refused refresh token: it was revoked.
        case refreshTokenRevoked
        /// AADSTS50053: the account is locked. It is not tried again until its credentials change or
        /// ``AzureADTokenProvider/reset()`` is called: each try prolongs the lock.
        case accountLocked
        /// AADSTS7000215, 7000222: the client secret is wrong or has expired.
        case clientSecretRefused
        /// AADSTS50055: the password has expired.
        case passwordExpired
        /// AADSTS50057: the account is disabled.
        case accountDisabled
        /// AADSTS50034: no such user in the tenant.
        case userNotFound
        /// AADSTS53003 and its like: a conditional access policy forbids it.
        case conditionalAccess
        /// Refused for another reason; the code is the answer's `error`.
        case refused(String)
        /// Too many token requests.
        case throttled
        /// The identity platform is out of order for the moment.
        case unavailable
        /// There was no answer.
        case transport(TransportFailure)
        /// The answer has no token and no error in it.
        case unreadableAnswer
        /// A secret's file cannot be read.
        case secretUnavailable
    }

    /// Why there is no token.
    public let reason: Reason
    /// The account that it was for.
    public let account: String
    /// The answer's status; nil where there was no answer.
    public let httpStatus: Int?
    /// The number behind `AADSTS`.
    public let aadCode: Int?
    /// What the identity platform traces the request by.
    public let correlationID: String?
    /// How long the identity platform asks to wait.
    public let retryAfter: Duration?
    /// What the identity platform or the machine said, in one line, without secrets.
    public let detail: String?

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

    /// What to do about it.
    public var recovery: Recovery {
        switch self.reason {
        case .throttled: .throttled
        case .unavailable, .unreadableAnswer: .retryable
        case .transport(let failure): failure == .unsendable ? .permanentForAccount : .retryable
        default: .permanentForAccount
        }
    }
}

extension AuthenticationFailure: CustomStringConvertible {
    /// What happened, to which account, and what to do. Holds no secrets.
    public var description: String {
        var text = "No access token for account \(self.account): \(self.cause)."
        if let detail { text += " Details: \(detail)" + (detail.hasSuffix(".") ? "" : ".") }
        text += " \(self.remedy)"
        if let correlationID { text += " [correlation_id=\(correlationID)]" }
        return text
    }

    /// What happened, without a full stop.
    var cause: String {
        let text = self.reason.cause
        if let aadCode { return "\(text) (AADSTS\(aadCode))" }
        return text
    }

    /// What to do.
    public var remedy: String { self.reason.remedy }
}
