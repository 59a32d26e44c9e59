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
        /// No user or administrator has consented to the application.
        case consentRequired = 65001
        /// There is no such tenant.
        case tenantNotFound = 90002
        /// There is no such application in the tenant.
        case applicationNotFound = 700_016
        /// The refresh token has expired.
        case refreshTokenExpired = 700_082
        /// The refresh token was revoked.
        case refreshTokenRevoked = 50173
        /// A policy ended the sign-in with multi-factor authentication.
        case multiFactorExpired = 50078
        /// A policy of the tenant limits how long a sign-in lasts.
        case signInFrequency = 70043
        /// The refresh token is malformed or another account's.
        case refreshTokenInvalid = 70000
        /// The authorization code has expired.
        case codeExpired = 70008
        /// The authorization code is not known or was redeemed already.
        case codeUsed = 54005
        /// The verifier does not match the challenge.
        case wrongVerifier = 50148
        /// The application's registration lacks the redirect URI.
        case redirectNotRegistered = 50011
        /// A conditional access policy forbids it.
        case blockedByPolicy = 53003
        /// The person refused.
        case declined = 65004
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
            .refreshTokenExpired, .refreshTokenInvalid, .refreshTokenRevoked, .multiFactorExpired, .signInFrequency,
            .codeExpired, .codeUsed, .wrongVerifier:
            "invalid_grant"
        case .blockedByPolicy, .declined: "access_denied"
        case .secretRequired, .wrongSecret: "invalid_client"
        case .tenantNotFound, .missingParameter, .redirectNotRegistered: "invalid_request"
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
        case .refreshTokenInvalid: "The refresh token is malformed."
        case .refreshTokenRevoked: "The refresh token was revoked; the password has changed or the sessions were ended."
        case .multiFactorExpired: "The sign-in with multi-factor authentication has expired by policy."
        case .signInFrequency: "The refresh token has expired by sign-in frequency checks of conditional access."
        case .codeExpired: "The authorization code has expired."
        case .codeUsed: "The authorization code was already redeemed."
        case .wrongVerifier: "The code_verifier does not match the code_challenge."
        case .redirectNotRegistered: "The redirect URI of the request does not match those of the application."
        case .blockedByPolicy: "Access has been blocked by conditional access policies."
        case .declined: "The user declined to consent to the application."
        case .resourceNotFound: "The resource principal was not found in the tenant."
        case .invalidScope: "The scope is missing or not valid."
        case .missingParameter: "The request body lacks a required parameter."
        case .unsupportedGrantType: "The grant type is not supported."
        }
    }
}
