// What each reason is called, what it means, and what to do about it.

extension AuthenticationFailure.Reason {
    /// The reason for a code of the identity platform; nil for codes that have no case of their own.
    init?(aadCode: Int) {
        switch aadCode {
        case 50076, 50079: self = .mfaRequired
        case 50126: self = .wrongUserNameOrPassword
        case 7_000_218: self = .clientSecretRequired
        case 65001: self = .consentRequired
        case 90002: self = .tenantNotFound
        case 700_016: self = .applicationNotFound
        case 700_082, 70008: self = .refreshTokenExpired
        case 50173, 700_084: self = .refreshTokenRevoked
        case 50053: self = .accountLocked
        case 7_000_215, 7_000_222: self = .clientSecretRefused
        case 50055: self = .passwordExpired
        case 50057: self = .accountDisabled
        case 50034: self = .userNotFound
        case 53000...53003: self = .conditionalAccess
        case 90033: self = .unavailable
        default: return nil
        }
    }

    /// A short, stable name, for metrics and logs.
    public var code: String {
        switch self {
        case .mfaRequired: "mfaRequired"
        case .wrongUserNameOrPassword: "wrongUserNameOrPassword"
        case .clientSecretRequired: "clientSecretRequired"
        case .consentRequired: "consentRequired"
        case .tenantNotFound: "tenantNotFound"
        case .applicationNotFound: "applicationNotFound"
        case .refreshTokenExpired: "refreshTokenExpired"
        case .refreshTokenRevoked: "refreshTokenRevoked"
        case .accountLocked: "accountLocked"
        case .clientSecretRefused: "clientSecretRefused"
        case .passwordExpired: "passwordExpired"
        case .accountDisabled: "accountDisabled"
        case .userNotFound: "userNotFound"
        case .conditionalAccess: "conditionalAccess"
        case .refused: "refused"
        case .throttled: "throttled"
        case .unavailable: "unavailable"
        case .transport(let failure): "transport.\(failure.rawValue)"
        case .unreadableAnswer: "unreadableAnswer"
        case .secretUnavailable: "secretUnavailable"
        }
    }

    var cause: String {
        switch self {
        case .mfaRequired: "the account must use multi-factor authentication"
        case .wrongUserNameOrPassword: "wrong user name or password"
        case .clientSecretRequired: "the application needs a client secret, or its public client flows are off"
        case .consentRequired: "nobody has consented to the application"
        case .tenantNotFound: "there is no such tenant"
        case .applicationNotFound: "there is no such application in the tenant"
        case .refreshTokenExpired: "the refresh token has expired"
        case .refreshTokenRevoked: "the refresh token was revoked"
        case .accountLocked: "the account is locked"
        case .clientSecretRefused: "the client secret is wrong or has expired"
        case .passwordExpired: "the password has expired"
        case .accountDisabled: "the account is disabled"
        case .userNotFound: "there is no such user in the tenant"
        case .conditionalAccess: "a conditional access policy forbids it"
        case .refused(let code): "the identity platform refused the request: \(code)"
        case .throttled: "too many token requests"
        case .unavailable: "the identity platform is not available"
        case .transport: "the identity platform did not answer"
        case .unreadableAnswer: "the identity platform's answer has no token in it"
        case .secretUnavailable: "a secret cannot be read"
        }
    }

    var remedy: String {
        switch self {
        case .mfaRequired:
            "Use the refresh-token flow: an account with multi-factor authentication cannot sign in by password."
        case .wrongUserNameOrPassword: "Correct the user name or the password."
        case .clientSecretRequired:
            "Give the client secret, or set \"Allow public client flows\" to Yes in the application's registration."
        case .consentRequired: "Let an administrator of the tenant consent to the application."
        case .tenantNotFound: "Check the tenant id."
        case .applicationNotFound: "Check the client id and that the application is registered in this tenant."
        case .refreshTokenExpired, .refreshTokenRevoked: "Sign in again and give the new refresh token."
        case .accountLocked:
            "Nothing is tried until the credentials change or the account is reset: each try prolongs the lock. "
                + "Wait or unlock the account."
        case .clientSecretRefused: "Give a client secret that is valid; its value, not its id."
        case .passwordExpired: "Set a new password and give it."
        case .accountDisabled: "Enable the account or use another one."
        case .userNotFound: "Check the user name and the tenant id."
        case .conditionalAccess: "Exempt the account or this machine from the policy, or use the refresh-token flow."
        case .refused: "Look the code up in the documentation of the Microsoft identity platform."
        case .throttled: "Wait before trying again."
        case .unavailable, .transport: "Try again later."
        case .unreadableAnswer: "Check that the authority leads to the Microsoft identity platform."
        case .secretUnavailable: "Correct the file; it is read again at the next try."
        }
    }
}
