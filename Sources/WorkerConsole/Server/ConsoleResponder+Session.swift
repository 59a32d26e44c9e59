import Foundation
import HTTPTypes
import Hummingbird
import Logging

/// The body of `GET /api/session`.
private struct SessionDocument: Encodable {
    /// Whether a token is configured.
    var isEnabled: Bool
    var isSignedIn: Bool
}

/// The body with which a browser signs in.
private struct SignInBody: Decodable {
    var token: String
}

// Signing in with a browser.
extension ConsoleResponder {
    /// `/api/session`: whether the browser is signed in; POST signs it in, DELETE out.
    func session(_ request: Request, _ context: ConsoleContext) async -> Response {
        guard actions != nil, let session = access.session else {
            return request.method == .get
                ? Self.json(.ok, SessionDocument(isEnabled: false, isSignedIn: false)) : Self.actionsDisabled
        }
        let address = context.client ?? "unknown"
        switch request.method {
        case .get:
            let isSignedIn = session.admits(request.headers, acts: false)
            return Self.json(.ok, SessionDocument(isEnabled: true, isSignedIn: isSignedIn))
        case .post:
            guard request.headers[ConsoleSession.header] != nil else { return Self.headerMissing }
            let buffer = try? await request.body.collect(upTo: 4_096)
            let body = buffer.flatMap { try? JSONDecoder().decode(SignInBody.self, from: Data($0.readableBytesView)) }
            if let refusal = refusal(of: body?.token, "sign-in", address) { return refusal }
            logger.notice("Signed in", metadata: ["address": "\(address)"])
            return Self.session(isSignedIn: true, session.begin(isSecure: ConsoleSession.isSecure(request.headers)))
        default: return Self.session(isSignedIn: false, ConsoleSession.end)
        }
    }

    private static func session(isSignedIn: Bool, _ cookie: String) -> Response {
        var response = json(.ok, SessionDocument(isEnabled: true, isSignedIn: isSignedIn))
        response.headers[.setCookie] = cookie
        return response
    }

    private static let headerMissing = error(
        .forbidden,
        "A sign-in needs the header X-Payout-Action.",
        remedy: "Sign in on the dashboard, or send the token with each action as 'Authorization: Bearer TOKEN'."
    )

    /// Refuses a request that may not act; `nil` for one with the right token, or of a browser that is signed in.
    func refusal(of request: Request, _ action: String, _ address: String) -> Response? {
        let token = AdminAccess.bearer(request.headers[.authorization])
        if token == nil, access.session?.admits(request.headers, acts: true) == true { return nil }
        return refusal(of: token, action, address)
    }

    /// Refuses a wrong token; `nil` for the right one.
    private func refusal(of token: String?, _ action: String, _ address: String) -> Response? {
        switch access.decide(token, from: address) {
        case .permitted: return nil
        case .disabled: return Self.actionsDisabled
        case .refused:
            if token != nil {
                logger.warning(
                    "Action refused, the token is wrong",
                    metadata: ["action": "\(action)", "address": "\(address)"]
                )
            }
            var response = Self.error(
                .unauthorized,
                "The token is missing or wrong.",
                remedy:
                    "Send the value of HTTP_ADMIN_TOKEN as 'Authorization: Bearer TOKEN', or sign in on the dashboard."
            )
            response.headers[.wwwAuthenticate] = "Bearer"
            return response
        case .limited(let wait):
            var response = Self.error(
                .tooManyRequests,
                "Too many attempts with a wrong token.",
                remedy: "Try again later, with the value of HTTP_ADMIN_TOKEN."
            )
            response.headers[.retryAfter] = "\(max(1, wait.components.seconds + 1))"
            return response
        }
    }
}
