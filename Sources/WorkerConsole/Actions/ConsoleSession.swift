import HTTPTypes
import Primitives

/// A browser's sign-in: the token in a cookie that scripts cannot read and other sites' pages do not send.
///
/// The cookie holds the token itself, so every worker behind one address accepts it and none has to remember it.
enum ConsoleSession {
    static let cookie = "payout_console"
    /// What a request that relies on the cookie must send. A page of another origin can send it only after the worker
    /// has permitted that, which it never does. Pages on other ports of the same host send the cookie too.
    static let header = HTTPField.Name("X-Payout-Action") ?? .origin
    private static let seconds = 8 * 3_600

    /// The value of `Set-Cookie` that signs a browser in.
    static func begin(_ token: String) -> String {
        "\(cookie)=\(token.percentEncoded()); Path=/; Max-Age=\(seconds); HttpOnly; SameSite=Strict"
    }

    /// The value of `Set-Cookie` that signs a browser out.
    static let end = "\(cookie)=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"

    /// The token of a request: that of its `Authorization` header, else of its cookie.
    ///
    /// - Parameter acts: whether the request changes something; the cookie then counts only with the header.
    static func token(_ headers: HTTPFields, acts: Bool) -> String? {
        if let given = AdminAccess.bearer(headers[.authorization]) { return given }
        guard !acts || headers[header] != nil else { return nil }
        for pair in (headers[.cookie] ?? "").split(separator: ";") {
            let pair = pair.drop { $0 == " " }
            guard pair.hasPrefix(cookie + "=") else { continue }
            return PercentEncoding.decoded(pair.dropFirst(cookie.count + 1))
        }
        return nil
    }
}
