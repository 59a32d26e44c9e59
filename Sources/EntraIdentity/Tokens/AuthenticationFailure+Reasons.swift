import HTTPAccess

// The code, the cause and the remedy of each reason of an `AuthenticationFailure`.

extension AuthenticationFailure.Reason {
    /// The reason for a code of the identity platform; nil for codes that have no case of their own.
    ///
    /// - Parameter grant: The grant type of the request: some codes concern the authorization code in one request and the
    ///   refresh token in another.
    init?(aadCode: Int, grant: TokenGrantType?) {
        switch aadCode {
        case 50076, 50079: self = .mfaRequired
        case 50078: self = .mfaExpired
        case 70043: self = .signInFrequency
        case 50011: self = .redirectNotRegistered
        case 65004: self = .declined
        case 50126: self = .wrongUserNameOrPassword
        case 7_000_218: self = .clientSecretRequired
        case 65001: self = .consentRequired
        case 90002: self = .tenantNotFound
        case 700_016: self = .applicationNotFound
        case 500_011, 650_052: self = .apiMissingInTenant
        case 650_057: self = .permissionNotRequested
        case 54005: self = .codeExpired
        case 70008: self = grant == .signIn ? .codeExpired : .refreshTokenExpired
        case 50148, 501_481: self = .answerOfAnotherSignIn
        case 700_082: self = .refreshTokenExpired
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
        case .mfaExpired: "mfaExpired"
        case .signInFrequency: "signInFrequency"
        case .wrongUserNameOrPassword: "wrongUserNameOrPassword"
        case .clientSecretRequired: "clientSecretRequired"
        case .consentRequired: "consentRequired"
        case .tenantNotFound: "tenantNotFound"
        case .applicationNotFound: "applicationNotFound"
        case .apiMissingInTenant: "apiMissingInTenant"
        case .permissionNotRequested: "permissionNotRequested"
        case .codeExpired: "codeExpired"
        case .refreshTokenExpired: "refreshTokenExpired"
        case .refreshTokenRevoked: "refreshTokenRevoked"
        case .accountLocked: "accountLocked"
        case .clientSecretRefused: "clientSecretRefused"
        case .passwordExpired: "passwordExpired"
        case .accountDisabled: "accountDisabled"
        case .userNotFound: "userNotFound"
        case .conditionalAccess: "conditionalAccess"
        case .redirectNotRegistered: "redirectNotRegistered"
        case .declined: "declined"
        case .signInTimedOut: "signInTimedOut"
        case .deviceCodeUnknown: "deviceCodeUnknown"
        case .answerOfAnotherSignIn: "answerOfAnotherSignIn"
        case .noListener: "noListener"
        case .refused: "refused"
        case .throttled: "throttled"
        case .unavailable: "unavailable"
        case .transport(let failure): "transport.\(failure.rawValue)"
        case .unreadableAnswer: "unreadableAnswer"
        case .secretUnavailable: "secretUnavailable"
        case .notSignedIn: "notSignedIn"
        }
    }

    /// The cause, as a clause without a full stop.
    var cause: String {
        switch self {
        case .mfaRequired: "the account must use multi-factor authentication"
        case .mfaExpired: "a policy ended the sign-in with multi-factor authentication"
        case .signInFrequency: "a policy of the tenant limits how long a sign-in lasts, and its time is over"
        case .wrongUserNameOrPassword: "wrong user name or password"
        case .clientSecretRequired: "the application needs a client secret, or its public client flows are disabled"
        case .consentRequired: "no user and no administrator has consented to the application"
        case .tenantNotFound: "there is no such tenant"
        case .applicationNotFound: "there is no such application in the tenant"
        case .apiMissingInTenant: "the tenant has no service principal of the Microsoft Partner (Dev Center) API"
        case .permissionNotRequested: "the application's registration lacks the permission for the API"
        case .codeExpired: "the code has expired, or was used already"
        case .refreshTokenExpired: "the refresh token has expired because it was not used for too long"
        case .refreshTokenRevoked:
            "the refresh token was revoked, by a new password, an administrator or its fixed lifetime"
        case .accountLocked: "the account is locked"
        case .clientSecretRefused: "the client secret is wrong or has expired"
        case .passwordExpired: "the password has expired"
        case .accountDisabled: "the account is disabled"
        case .userNotFound: "there is no such user in the tenant"
        case .conditionalAccess: "a conditional access policy forbids it"
        case .redirectNotRegistered: "the application's registration lacks the redirect URI http://localhost"
        case .declined: "the person refused, or closed the page"
        case .signInTimedOut: "the person did not sign in within the time given"
        case .deviceCodeUnknown: "the identity platform does not know the device code"
        case .answerOfAnotherSignIn: "the answer belongs to another sign-in"
        case .noListener: "this machine has no free port on loopback for the browser's answer"
        case .refused(let code): "the identity platform refused the request: \(code)"
        case .throttled: "the identity platform throttles token requests"
        case .unavailable: "the identity platform is unavailable"
        case .transport: "the identity platform did not answer"
        case .unreadableAnswer: "the identity platform's answer has no token"
        case .secretUnavailable: "a secret cannot be read"
        case .notSignedIn: "there is no refresh token"
        }
    }

    /// The remedy of reasons that only a new sign-in resolves.
    package static let signInRemedy = "Run 'payout-worker sign-in' and sign in with multi-factor authentication."

    /// The remedy, where it does not depend on the grant type or the host.
    var remedy: String {
        switch self {
        case .mfaRequired, .mfaExpired, .signInFrequency, .refreshTokenExpired, .refreshTokenRevoked:
            Self.signInRemedy
        case .apiMissingInTenant:
            "Let an administrator of the tenant create it: az ad sp create --id \(TokenClaims.partnerAPI)"
        case .permissionNotRequested:
            "In the application's registration, API permissions, add the delegated permission user_impersonation of "
                + "Microsoft Partner (Dev Center), \(TokenClaims.partnerAPI), and grant admin consent."
        case .codeExpired: "The code has expired; sign in again."
        case .wrongUserNameOrPassword: "Correct the user name or the password."
        case .clientSecretRequired:
            "Configure the client secret, or set \"Allow public client flows\" to Yes in the application's registration."
        case .consentRequired: "Let an administrator of the tenant consent to the application."
        case .tenantNotFound: "Check the tenant id."
        case .applicationNotFound: "Check the client id and that the application is registered in this tenant."
        case .accountLocked:
            "Wait or unlock the account. No request is sent until the credentials change or the account is reset: each "
                + "request prolongs the lock."
        case .clientSecretRefused: "Configure a client secret that is valid: its value, not its id."
        case .passwordExpired: "Set a new password and configure it."
        case .accountDisabled: "Enable the account or use another one."
        case .userNotFound: "Check the user name and the tenant id."
        case .conditionalAccess:
            "Exempt the account or this machine from the policy. Where it blocks the device code flow, sign in with a "
                + "browser instead: 'payout-worker sign-in' without --device-code."
        case .redirectNotRegistered:
            "In the application's registration add the platform \"Mobile and desktop applications\" with the redirect "
                + "URI http://localhost."
        case .declined: "Sign in again and accept what the application asks for."
        case .signInTimedOut:
            "Sign in again. Where the page showed AADSTS50011, register the redirect URI http://localhost first."
        case .deviceCodeUnknown: "Sign in again with a new code."
        case .answerOfAnotherSignIn: "Close the other sign-in's page and sign in again."
        case .noListener: "Sign in with a device code, or on another machine."
        case .refused: "Look the code up in the documentation of the Microsoft identity platform."
        case .throttled: "Wait before trying again."
        case .unavailable: "Try again later."
        // The failure has a more specific remedy, with the host.
        case .transport: "Check that this machine reaches the identity platform."
        case .unreadableAnswer: "Check that the authority is the address of the Microsoft identity platform."
        case .secretUnavailable: "Correct the file; it is read again at the next attempt."
        case .notSignedIn:
            "Run 'payout-worker sign-in', or correct the path of the token's file, which is read again at the next attempt."
        }
    }
}
