import Crypto
import Foundation
import HTTPTypes

/// A browser's sign-in: a cookie that scripts cannot read and other sites' pages do not send.
///
/// The cookie holds its end and a code of it by the token, so every worker with the same token accepts it and none has to
/// remember it. It does not hold the token itself, because browsers send it to every port of the host.
struct ConsoleSession: Sendable {
    static let cookie = "payout_console"
    /// What a request that signs in or relies on the cookie must send. A page of another origin can send it only after the
    /// worker has permitted that, which it never does. Pages on other ports of the same host send the cookie too.
    static let header = HTTPField.Name("X-Payout-Action") ?? .origin
    private static let seconds = 8 * 3_600
    private let key: SymmetricKey

    init(token: String) { key = SymmetricKey(data: Data(token.utf8)) }

    /// Whether a browser has its page over TLS. It names the page's scheme in `Origin`, which no page can change and no proxy has
    /// to be configured for.
    static func isSecure(_ headers: HTTPFields) -> Bool { headers[.origin]?.hasPrefix("https://") == true }

    /// The value of `Set-Cookie` that signs a browser in.
    ///
    /// - Parameter isSecure: whether the browser is to send the cookie over TLS only.
    func begin(isSecure: Bool = false, at now: Date = Date()) -> String {
        let expiry = String(Int64(now.timeIntervalSince1970) + Int64(Self.seconds))
        return
            "\(Self.cookie)=\(expiry).\(code(expiry)); Path=/; Max-Age=\(Self.seconds); HttpOnly; SameSite=Strict\(isSecure ? "; Secure" : "")"
    }

    /// The value of `Set-Cookie` that signs a browser out.
    static let end = "\(cookie)=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"

    /// Whether a request is of a browser that is signed in.
    ///
    /// - Parameter acts: whether the request changes something; the cookie then counts only with the header.
    func admits(_ headers: HTTPFields, acts: Bool, at now: Date = Date()) -> Bool {
        guard !acts || headers[Self.header] != nil else { return false }
        for pair in (headers[.cookie] ?? "").split(separator: ";") {
            let pair = pair.drop { $0 == " " }
            guard pair.hasPrefix(Self.cookie + "=") else { continue }
            return admits(pair.dropFirst(Self.cookie.count + 1), at: now)
        }
        return false
    }

    private func admits(_ value: Substring, at now: Date) -> Bool {
        let parts = value.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let expiry = Int64(parts[0]) else { return false }
        let isGenuine = AdminAccess.isEqual(Array(code(String(parts[0])).utf8), Array(parts[1].utf8))
        return isGenuine && Double(expiry) > now.timeIntervalSince1970
    }

    private func code(_ expiry: String) -> String {
        HMAC<SHA256>.authenticationCode(for: Data("payout-console:\(expiry)".utf8), using: key)
            .map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
