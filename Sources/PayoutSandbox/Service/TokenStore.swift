import Crypto
import Foundation

/// The tokens that were issued and still work.
struct TokenStore: Sendable {
    private struct Grant: Sendable {
        let account: UInt16
        let expires: Timestamp
    }

    private var access: [String: Grant] = [:]
    private var refresh: [String: Grant] = [:]
    private var sweepAt = 1024
    private let key: SymmetricKey

    init(key: SymmetricKey) {
        self.key = key
    }

    /// The account whose unexpired access token this is.
    func account(ofAccessToken token: String, at now: Timestamp) -> UInt16? {
        guard let grant = access[token], now < grant.expires else { return nil }
        return grant.account
    }

    /// Issues an access token, in the shape of a real one (three parts, hundreds of characters).
    mutating func issueAccessToken(account: UInt16, expires: Timestamp, serial: UInt64, at now: Timestamp) -> String {
        if access.count >= sweepAt {
            access = access.filter { now < $0.value.expires }
            sweepAt = max(1024, access.count * 2)
        }
        let header = Self.base64URL(Data(#"{"typ":"JWT","alg":"RS256","kid":"sandbox"}"#.utf8))
        let claims = """
            {"aud":"https://api.partner.microsoft.com","exp":\(expires.seconds),"nbf":\(now.seconds),\
            "scp":"user_impersonation","sub":"account-\(account)","uti":"\(serial)","ver":"1.0"}
            """
        let payload = header + "." + Self.base64URL(Data(claims.utf8))
        var signature = Data()
        for part in UInt8(0)..<8 {
            signature.append(contentsOf: HMAC<SHA256>.authenticationCode(for: Data([part]) + payload.utf8, using: key))
        }
        let token = payload + "." + Self.base64URL(signature)
        access[token] = Grant(account: account, expires: expires)
        return token
    }

    mutating func issueRefreshToken(account: UInt16, expires: Timestamp, serial: UInt64) -> String {
        let code = HMAC<SHA256>.authenticationCode(for: Data("refresh \(account) \(serial)".utf8), using: key)
        let token = "0.AX." + Self.base64URL(Data(code))
        refresh[token] = Grant(account: account, expires: expires)
        return token
    }

    /// Makes a token known that was agreed on beforehand.
    mutating func addRefreshToken(_ token: String, account: UInt16, expires: Timestamp) {
        refresh[token] = Grant(account: account, expires: expires)
    }

    /// The account of a refresh token, and whether the token has expired.
    func lookUp(refreshToken: String, at now: Timestamp) -> (account: UInt16, isExpired: Bool)? {
        refresh[refreshToken].map { ($0.account, $0.expires <= now) }
    }

    mutating func remove(refreshToken: String) {
        refresh[refreshToken] = nil
    }

    mutating func revokeAccessTokens() {
        access = [:]
    }

    mutating func revokeRefreshTokens() {
        refresh = [:]
    }

    private static func base64URL(_ data: Data) -> String {
        data.base64EncodedString()
            .replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }
}
