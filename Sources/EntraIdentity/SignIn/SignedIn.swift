public import struct Foundation.Date
public import Primitives

/// The result of a sign-in, as ``InteractiveSignIn`` returns it.
public struct SignedIn: Sendable {
    /// An access token, valid for about an hour.
    public let accessToken: AccessToken
    /// The refresh token that a program runs with from now on; nil where the identity platform issued none.
    public let refreshToken: Secret?
    /// The claims of the access token; nil where it is opaque.
    public let claims: TokenClaims?
    /// The claims of the identity token.
    public let person: TokenClaims?
    /// When the person signed in.
    public let time: Date

    /// The name of the user who signed in.
    public var userName: String? { claims?.userName ?? person?.userName }
    /// The tenant's id.
    public var tenantID: String? { claims?.tenantID ?? person?.tenantID }
}
