/// An application of a tenant, which tokens are issued to: part of the configurations of ``EntraTokenProvider`` and
/// ``InteractiveSignIn``.
public struct EntraApplication: Sendable {
    /// The identity platform's address.
    public var authority = "https://login.microsoftonline.com"
    /// The tenant's id or domain.
    public var tenantID: String
    /// The application's id.
    public var clientID: String
    /// The API that the token is for.
    public var resource = "https://api.partner.microsoft.com"
    /// The account's name, for errors and logs.
    public var account = "default"
    /// The longest wait for one answer of the identity platform.
    public var requestTimeout: Duration = .seconds(30)

    /// Makes an application with the defaults.
    public init(tenantID: String, clientID: String) {
        self.tenantID = tenantID
        self.clientID = clientID
    }
}
