extension PayoutSandbox {
    /// A refusal of the identity platform, by its `AADSTS` number.
    public enum SignInError: Int, Error, Sendable, CaseIterable {
        /// The user name or the password is wrong.
        case wrongPassword = 50126
        /// The account needs multi-factor authentication.
        case multiFactorRequired = 50076
        /// The account has to be enrolled in multi-factor authentication.
        case multiFactorEnrolmentRequired = 50079
        /// The account is locked.
        case accountLocked = 50053
        /// The client is confidential and sent no secret.
        case secretRequired = 7_000_218
        /// The client's secret is wrong.
        case wrongSecret = 7_000_215
        /// Nobody has consented to the application.
        case consentRequired = 65001
        /// There is no such tenant.
        case tenantNotFound = 90002
        /// There is no such application in the tenant.
        case applicationNotFound = 700_016
        /// The refresh token has expired.
        case refreshTokenExpired = 700_082
        /// The refresh token is malformed, revoked or somebody else's.
        case refreshTokenInvalid = 70000
        /// The resource does not exist in the tenant.
        case resourceNotFound = 500_011
        /// The scope is malformed or missing.
        case invalidScope = 70011
        /// A parameter is missing.
        case missingParameter = 900_144
        /// The grant type is not supported.
        case unsupportedGrantType = 70003
    }
}

extension PayoutSandbox.SignInError {
    /// The OAuth 2.0 error code (RFC 6749, section 5.2, and the platform's own).
    var oauthCode: String {
        switch self {
        case .wrongPassword, .multiFactorRequired, .multiFactorEnrolmentRequired, .accountLocked, .consentRequired,
            .refreshTokenExpired, .refreshTokenInvalid:
            "invalid_grant"
        case .secretRequired, .wrongSecret: "invalid_client"
        case .tenantNotFound, .missingParameter: "invalid_request"
        case .applicationNotFound: "unauthorized_client"
        case .resourceNotFound: "invalid_resource"
        case .invalidScope: "invalid_scope"
        case .unsupportedGrantType: "unsupported_grant_type"
        }
    }

    /// The HTTP status that goes with it.
    var status: Int {
        oauthCode == "invalid_client" ? 401 : 400
    }

    /// What `suberror` says, where it says anything.
    var suberror: String? {
        switch self {
        case .multiFactorRequired, .multiFactorEnrolmentRequired: "basic_action"
        case .consentRequired: "consent_required"
        default: nil
        }
    }

    var message: String {
        switch self {
        case .wrongPassword: "The user name or the password is not right."
        case .multiFactorRequired: "Multi-factor authentication has to be used to access the resource."
        case .multiFactorEnrolmentRequired: "The user has to enrol in multi-factor authentication first."
        case .accountLocked: "The account is locked: too many sign-ins with a wrong user name or password."
        case .secretRequired: "The request has to carry 'client_secret' or 'client_assertion'."
        case .wrongSecret: "The client secret is not right."
        case .consentRequired: "Neither the user nor an administrator has consented to the application."
        case .tenantNotFound: "There is no such tenant."
        case .applicationNotFound: "The application was not found in the directory."
        case .refreshTokenExpired: "The refresh token has expired due to inactivity."
        case .refreshTokenInvalid: "The refresh token is malformed or has been revoked."
        case .resourceNotFound: "The resource principal was not found in the tenant."
        case .invalidScope: "The scope is missing or not valid."
        case .missingParameter: "The request body lacks a required parameter."
        case .unsupportedGrantType: "The grant type is not supported."
        }
    }
}
