import Foundation
import HTTPAccess
import HTTPStandIns
import NIOCore
import NIOHTTP1
import Primitives
import Synchronization

@testable import EntraIdentity

/// A sign-in at a stub of the identity platform, and the requests of a browser that follows its redirect.
enum SignInFixture {
    static let tenant = "7d1f2c3e-5a64-4b0e-9c58-2f0f1a6b7c8d"

    static func signIn(
        _ server: StubServer,
        _ transport: HTTPTransport,
        clientSecret: Secret? = nil,
        environment: HTTPEnvironment = .system
    ) throws -> InteractiveSignIn {
        var application = EntraApplication(tenantID: tenant, clientID: "client-1")
        application.authority = server.url
        var configuration = InteractiveSignIn.Configuration(application)
        configuration.clientSecret = clientSecret
        return try InteractiveSignIn(configuration: configuration, transport: transport, environment: environment)
    }

    static func query(of url: String) -> [String: String] {
        let query = url.split(separator: "?", maxSplits: 1).last ?? ""
        return query.split(separator: "&").reduce(into: [:]) { fields, pair in
            let parts = pair.split(separator: "=", maxSplits: 1)
            fields[String(parts[0])] = parts.count > 1 ? String(parts[1]).percentDecoded() : ""
        }
    }

    /// The URL that the identity platform redirects the browser to.
    static func redirect(_ url: String, _ fields: [(String, String)], path: String = "/") -> String {
        let base = (query(of: url)["redirect_uri"] ?? "").replacing("localhost", with: "127.0.0.1")
        return "\(base)\(path)?\(FormFields.encoded(fields))"
    }

    @discardableResult
    static func get(
        _ url: String,
        _ transport: HTTPTransport,
        method: HTTPMethod = .GET,
        headers: HTTPHeaders = [:]
    ) async -> HTTPAnswer? {
        try? await transport.send(OutgoingRequest(method: method, url: url, headers: headers, timeout: .seconds(300)))
    }

    /// Whether a request only checks that the identity platform knows the application.
    static func isTrial(_ request: StubRequest) -> Bool { TokenStandIn.form(request)["code"] == "none" }

    /// The identity platform's answer to such a request.
    static let trialAnswer = TokenStandIn.refusal(9_002_313)

    /// The number of codes that were redeemed.
    static func redeemed(_ server: StubServer) -> Int { server.requests.count { !isTrial($0) } }

    /// A token answer with the claims and, where there is a nonce, an identity token.
    static func answer(nonce: String?, refreshToken: String = "rt-1") -> String {
        let access = TokenClaimsTests.token(
            #"{"aud":"https://api.partner.microsoft.com","scp":"user_impersonation","amr":["pwd","mfa"],"tid":"\#(tenant)","upn":"ann@contoso.example"}"#
        )
        let identity = nonce.map { #","id_token":"\#(TokenClaimsTests.token(#"{"nonce":"\#($0)"}"#))""# } ?? ""
        return
            #"{"token_type":"Bearer","expires_in":3599,"access_token":"\#(access)","refresh_token":"\#(refreshToken)"\#(identity)}"#
    }
}
