import Foundation
import Primitives

@testable import EntraIdentity
@testable import PayoutAPI

extension FuzzTarget {
    /// Parsers of a sign-in: the payload of a token, the query of a redirect, a file with a refresh token.
    static let claims = FuzzTarget(
        name: "claims",
        dictionary: [
            "\"aud\":", "\"amr\":", "\"scp\":", "\"roles\":", "\"tid\":", "\"upn\":", "\"exp\":", "\"iat\":", "\"mfa\"",
            "\"nonce\":", "\"idtyp\":\"app\"", "[", "]", "{", "}", "1e308", "-1", "null", "\\u0000", "\\ud83d",
            "\u{1B}[31m",
            "state=", "code=", "&", "%00", "{\"refreshToken\":", "\"basis\":",
        ]
    ) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        // The bytes alone, and as the payload of a token.
        for token in [text, "e30.\(Base64URL.encoded(bytes)).c2ln"] {
            guard let claims = TokenClaims(token: token) else { continue }
            let texts = [claims.tenantID, claims.userName, claims.applicationID, claims.nonce].compactMap(\.self)
            let lists = [claims.audiences, claims.authenticationMethods ?? [], claims.roles]
            if lists.contains(where: { $0.count > 64 }) { return "a long list" }
            for text in texts + lists.joined() + claims.scopes {
                if text.count > 257 { return "a text of \(text.count) characters" }
                if text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
                    return "a control character"
                }
            }
            for date in [claims.expires, claims.issued, claims.signedIn].compactMap(\.self)
            where !(0...253_402_300_799).contains(date.timeIntervalSince1970) {
                return "a date beyond calendars"
            }
            _ = claims.problems(resource: "https://a", tenantID: "b", now: .now, isNew: true)
        }
        let query = RedirectQuery(text[...])
        if let state = query["state"], text.split(separator: "&").count(where: { $0 == "state=\(state)" }) > 1 {
            return "a repeated state counts"
        }
        if let saved = SavedRefreshToken(text), text.hasPrefix("{"), SavedRefreshToken(saved.text)?.token != saved.token
        {
            return "does not read back"
        }
        return nil
    }
}
