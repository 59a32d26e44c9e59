public import struct Foundation.Date
import Primitives

/// The claims of an access or identity token: its audience, its permissions, how the person signed in, and its times.
///
/// The signature is not verified: the API does that. The claims are used to explain whether a token will work, and never to
/// decide about trust. A token is untrusted input: texts are bounded and free of control characters.
public struct TokenClaims: Sendable, Hashable {
    /// `aud`: the API that accepts the token, by its address or its application id.
    public var audiences: [String] = []
    /// `amr`: the person's authentication methods; nil where the token does not have the claim.
    public var authenticationMethods: [String]?
    /// `scp`: the delegated permissions, which the application has on the person's behalf.
    public var scopes: [String] = []
    /// `roles`: the application permissions, which the application has on its own behalf.
    public var roles: [String] = []
    /// `tid`: the tenant's id.
    public var tenantID: String?
    /// `upn`, or `preferred_username` or `unique_name` where there is none: the user who signed in.
    public var userName: String?
    /// `appid` or `azp`: the application that the token was issued to.
    public var applicationID: String?
    /// `exp`: when it expires.
    public var expires: Date?
    /// `iat`: when it was issued.
    public var issued: Date?
    /// `auth_time`: when the person signed in.
    public var signedIn: Date?
    /// `idtyp` is `app`.
    var isNamedApplication = false
    /// `nonce`, of an identity token.
    var nonce: String?

    /// The largest token that is read, in bytes.
    static let maximumTokenSize = 64 * 1024
    private static let maximumElements = 64
    private static let maximumTextSize = 256

    /// No claims, for providers of your own and for tests.
    public init() {}

    /// Reads the claims of a JSON Web Token.
    ///
    /// - Parameter token: The token.
    /// - Returns: Nil for an opaque token: not every token is a JSON Web Token.
    public init?(token: String) {
        guard token.utf8.count <= Self.maximumTokenSize else { return nil }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let payload = Base64URL.decoded(parts[1].utf8) else { return nil }
        let isRead = payload.withUnsafeBytes { bytes in
            var scanner = JSONReader(bytes)
            return (try? read(&scanner)) != nil
        }
        guard isRead else { return nil }
    }

    /// Reads the claims of an access token.
    public init?(_ token: AccessToken) { self.init(token: token.value) }

    /// Whether no person is involved: such tokens are exempt from multi-factor authentication.
    public var isApplicationOnly: Bool { isNamedApplication || (scopes.isEmpty && !roles.isEmpty) }

    /// Whether the person signed in with multi-factor authentication; nil where the token does not have the claim.
    public var hasMFA: Bool? {
        authenticationMethods.map { methods in methods.contains { ["mfa", "ngcmfa"].contains($0.lowercased()) } }
    }

    private mutating func read(_ scanner: inout JSONReader) throws(JSONSyntaxError) {
        guard try scanner.peek() == .object else { throw JSONSyntaxError() }
        try scanner.readObject { name, scanner throws(JSONSyntaxError) in
            if name.is("aud") {
                audiences = try Self.texts(&scanner)
            } else if name.is("amr") {
                authenticationMethods = try Self.texts(&scanner)
            } else if name.is("scp") {
                scopes = try Self.texts(&scanner).flatMap { $0.split(separator: " ").map(String.init) }
            } else if name.is("roles") {
                roles = try Self.texts(&scanner)
            } else if name.is("tid") {
                tenantID = try Self.text(&scanner)
            } else if name.is("upn") {
                userName = try Self.text(&scanner) ?? userName
            } else if name.is("preferred_username") || name.is("unique_name") {
                let other = try Self.text(&scanner)
                userName = userName ?? other
            } else if name.is("appid") || name.is("azp") {
                applicationID = try Self.text(&scanner)
            } else if name.is("idtyp") {
                isNamedApplication = try Self.text(&scanner) == "app"
            } else if name.is("nonce") {
                nonce = try Self.text(&scanner)
            } else if name.is("exp") {
                expires = try Self.date(&scanner)
            } else if name.is("iat") {
                issued = try Self.date(&scanner)
            } else if name.is("auth_time") {
                signedIn = try Self.date(&scanner)
            }
        }
    }

    private static func text(_ scanner: inout JSONReader) throws(JSONSyntaxError) -> String? {
        guard let text = try scanner.readText() else { return nil }
        let bounded = Redaction.bounded(
            text.utf8.count <= maximumTextSize ? text : String(text.prefix(maximumTextSize))
        )
        return bounded.isEmpty ? nil : bounded
    }

    /// One text, or a list of them.
    private static func texts(_ scanner: inout JSONReader) throws(JSONSyntaxError) -> [String] {
        guard try scanner.peek() == .array else { return try text(&scanner).map { [$0] } ?? [] }
        var texts: [String] = []
        try scanner.readArray { scanner throws(JSONSyntaxError) in
            guard texts.count < maximumElements, let text = try text(&scanner) else { return }
            texts.append(text)
        }
        return texts
    }

    /// A time in seconds since 1970, within the years 1970 to 9999.
    private static func date(_ scanner: inout JSONReader) throws(JSONSyntaxError) -> Date? {
        guard let seconds = try scanner.readText().flatMap(Double.init), (0...253_402_300_799).contains(seconds) else {
            return nil
        }
        return Date(timeIntervalSince1970: seconds)
    }
}
