import Crypto
import Foundation
import Primitives

/// The tokens that were issued and still work.
struct TokenStore: Sendable {
    /// What a token stands for.
    struct Grant: Sendable {
        var account: UInt16
        var expires: Timestamp
        /// How the person proved who they are; empty for an application alone.
        var methods: [String] = ["pwd"]
        var audience = ""
        var isRevoked = false

        var hasMFA: Bool { methods.contains("mfa") }
        var isApplication: Bool { methods.isEmpty }
    }

    private var access: [String: Grant] = [:]
    private var refresh: [String: Grant] = [:]
    private var sweepAt = 1024
    private let key: SymmetricKey

    init(key: SymmetricKey) {
        self.key = key
    }

    /// What an unexpired access token stands for.
    func grant(ofAccessToken token: String, at now: Timestamp) -> Grant? {
        guard let grant = access[token], now < grant.expires else { return nil }
        return grant
    }

    /// Issues an access token, in the shape of a real one (three parts, hundreds of characters).
    ///
    /// - Parameter claims: Writes the members of the payload that depend on the account.
    mutating func issueAccessToken(
        _ grant: Grant,
        serial: UInt64,
        at now: Timestamp,
        claims: (inout JSONWriter) -> Void
    ) -> String {
        if access.count >= sweepAt {
            access = access.filter { now < $0.value.expires }
            sweepAt = max(1024, access.count * 2)
        }
        var payload = JSONWriter(capacity: 1_024)
        payload.object { writer in
            writer.member("iat", now.seconds)
            writer.member("nbf", now.seconds)
            writer.member("exp", grant.expires.seconds)
            claims(&writer)
            writer.member("sub", "account-\(grant.account)")
            writer.member("uti", "\(serial)")
            writer.member("ver", "1.0")
        }
        let token = signed(payload.bytes)
        access[token] = grant
        return token
    }

    /// A JSON Web Token that only this sandbox could have signed.
    func signed(_ claims: [UInt8]) -> String {
        let header = Base64URL.encoded(#"{"typ":"JWT","alg":"RS256","kid":"sandbox"}"#.utf8)
        let payload = header + "." + Base64URL.encoded(claims)
        var signature = Data()
        for part in UInt8(0)..<8 {
            signature.append(contentsOf: HMAC<SHA256>.authenticationCode(for: Data([part]) + payload.utf8, using: key))
        }
        return payload + "." + Base64URL.encoded(signature)
    }

    /// An unguessable text: a code of one sort or another.
    func code(_ sort: String, serial: UInt64) -> String {
        Base64URL.encoded(HMAC<SHA256>.authenticationCode(for: Data("\(sort) \(serial)".utf8), using: key))
    }

    mutating func issueRefreshToken(_ grant: Grant, serial: UInt64) -> String {
        let token = "0.AX." + code("refresh \(grant.account)", serial: serial)
        refresh[token] = grant
        return token
    }

    /// Makes a token known that was agreed on beforehand.
    mutating func addRefreshToken(_ token: String, _ grant: Grant) {
        refresh[token] = grant
    }

    /// What a refresh token stands for, expired and revoked ones included.
    func grant(ofRefreshToken token: String) -> Grant? { refresh[token] }

    /// The token was used: it lasts from now on again.
    mutating func used(refreshToken token: String, until expires: Timestamp) {
        refresh[token]?.expires = expires
    }

    mutating func remove(refreshToken: String) {
        refresh[refreshToken] = nil
    }

    mutating func revokeAccessTokens() {
        access = [:]
    }

    mutating func revokeRefreshTokens() {
        for token in refresh.keys { refresh[token]?.isRevoked = true }
    }

    static func challenge(of verifier: String) -> String {
        Base64URL.encoded(SHA256.hash(data: Data(verifier.utf8)))
    }
}
