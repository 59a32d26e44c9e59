import Crypto
import Foundation
import HTTPAccess
import HTTPStandIns
import NIOCore
import NIOHTTP1
import Primitives
import Testing
import TestSupport

@testable import EntraIdentity

/// Signing in with a browser: authorization code, PKCE, and answers that are refused.
@Suite struct BrowserSignInTests {
    typealias Fixture = SignInFixture

    @Test func signInWithPKCEOverLoopbackReturnsTheTokens() async throws {
        let (opened, page) = (Box(""), Box(""))
        try await withStub({ _, _ in
            .answer(200, body: Fixture.answer(nonce: Fixture.query(of: opened.value)["nonce"]))
        }) { server, transport in
            let result = try await Fixture.signIn(server, transport).withBrowser { url in
                opened.value = url
                Task {
                    let state = Fixture.query(of: url)["state"] ?? ""
                    let answer = await Fixture.get(
                        Fixture.redirect(url, [("code", "c+d/e"), ("state", state)]),
                        transport
                    )
                    page.value = answer.map { String(buffer: $0.body) } ?? "none"
                }
            }
            let asked = Fixture.query(of: opened.value)
            #expect(opened.value.hasPrefix("\(server.url)/\(Fixture.tenant)/oauth2/v2.0/authorize?"))
            #expect(asked["response_type"] == "code")
            #expect(asked["code_challenge_method"] == "S256")
            #expect(asked["scope"] == "https://api.partner.microsoft.com/.default offline_access openid profile")
            #expect(asked["redirect_uri"]?.hasPrefix("http://localhost:") == true)
            let form = TokenStandIn.form(try #require(server.requests.last))
            #expect(server.requests.first?.uri == "/\(Fixture.tenant)/oauth2/v2.0/token")
            #expect(form["grant_type"] == "authorization_code")
            #expect(form["code"] == "c+d/e")
            #expect(form["redirect_uri"] == asked["redirect_uri"])
            #expect(form["client_secret"] == nil)
            let verifier = try #require(form["code_verifier"])
            #expect(verifier.utf8.count == 43)
            #expect(Base64URL.encoded(SHA256.hash(data: Array(verifier.utf8))) == asked["code_challenge"])
            // The page's address holds the challenge, not the verifier that redeems the code.
            #expect(!opened.value.contains(verifier))
            #expect(try result.refreshToken?.read() == "rt-1")
            #expect(result.userName == "ann@contoso.example")
            #expect(result.claims?.hasMFA == true)
            try await eventually { page.value.contains("Signed in") }
            #expect(!page.value.contains("c+d/e"))
            // The listener accepted one request and is closed.
            let after = await Fixture.get(Fixture.redirect(opened.value, [("code", "x")]), transport)
            #expect(after == nil)
        }
    }

    @Test func challengeOfTheStandardsVerifierIsTheStandards() {
        // RFC 7636, appendix B.
        let challenge = AuthorizationRequest.challenge(of: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        #expect(challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    }

    /// Signs in with a browser that returns these fields, and returns the error and the page.
    private func refusal(
        _ fields: @escaping @Sendable (_ state: String) -> [(String, String)],
        answer: StubReply = .answer(200, body: Fixture.answer(nonce: nil))
    ) async throws -> (error: AuthenticationFailure, page: String, requests: Int) {
        let page = Box("")
        let result = Box<(AuthenticationFailure, Int)?>(nil)
        try await withStub({ _, _ in answer }) { server, transport in
            let error = try await failure(of: AuthenticationFailure.self) {
                try await Fixture.signIn(server, transport).withBrowser { url in
                    Task {
                        let state = Fixture.query(of: url)["state"] ?? ""
                        let answer = await Fixture.get(Fixture.redirect(url, fields(state)), transport)
                        page.value = answer.map { String(buffer: $0.body) } ?? "none"
                    }
                }
            }
            result.value = (error, Fixture.redeemed(server))
            try await eventually { !page.value.isEmpty }
        }
        let (error, requests) = try #require(result.value)
        return (error, page.value, requests)
    }

    @Test func answerWithTooManyFieldsIsIgnored() {
        let many = (0..<32).map { "f\($0)=x" }.joined(separator: "&")
        #expect(RedirectQuery("\(many)&state=s"[...])["state"] == nil)
        #expect(RedirectQuery("a=b&state=s"[...])["state"] == "s")
    }

    @Test(arguments: [
        ("access_denied", "the user declined", AuthenticationFailure.Reason.declined),
        ("access_denied", "AADSTS65004: User declined to consent.", .declined),
        ("invalid_client", "AADSTS7000218: The request body must contain", .clientSecretRequired),
        ("unauthorized_client", "AADSTS700016: Application not found", .applicationNotFound),
        ("consent_required", "AADSTS65001: no consent", .consentRequired),
        ("access_denied", "AADSTS53003: blocked by Conditional Access", .conditionalAccess),
        ("invalid_request", "AADSTS50011: The redirect URI", .redirectNotRegistered),
        ("server_error", "try later", .unavailable),
    ])
    func errorOfThePageHasItsReason(
        error: String,
        description: String,
        reason: AuthenticationFailure.Reason
    ) async throws {
        let outcome = try await refusal { [("error", error), ("error_description", description), ("state", $0)] }
        #expect(outcome.error.reason == reason)
        #expect(outcome.page.contains("Not signed in"))
        #expect(!outcome.page.contains("AADSTS"))
        #expect(outcome.requests == 0)
    }

    @Test func tokenWithAnotherNonceIsRefused() async throws {
        let outcome = try await refusal(
            { [("code", "c"), ("state", $0)] },
            answer: .answer(200, body: Fixture.answer(nonce: "other"))
        )
        #expect(outcome.error.reason == .answerOfAnotherSignIn)
        #expect(outcome.page.contains("Not signed in"))
    }

    @Test func missingBrowserEndsTheWaitAtTheTimeLimit() async throws {
        try await withStub({ _, _ in Fixture.trialAnswer }) { server, transport in
            let clock = ManualClock()
            let environment = HTTPEnvironment(clock: clock, random: { 0.5 })
            let signIn = try Fixture.signIn(server, transport, environment: environment)
            async let outcome = failure(of: AuthenticationFailure.self) { try await signIn.withBrowser { _ in } }
            try await eventually { clock.hasSleepers }
            clock.advance(by: .seconds(601))
            let error = try await outcome
            #expect(error.reason == .signInTimedOut)
            #expect(error.description.contains("AADSTS50011"))
        }
    }

    @Test func cancellationEndsTheWait() async throws {
        try await withStub({ _, _ in Fixture.trialAnswer }) { server, transport in
            let signIn = try Fixture.signIn(server, transport)
            let opened = Box("")
            let task = Task { try await signIn.withBrowser { opened.value = $0 } }
            try await eventually { !opened.value.isEmpty }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            let after = await Fixture.get(Fixture.redirect(opened.value, [("code", "x")]), transport)
            #expect(after == nil)
        }
    }

    @Test func concurrentSignInsAreIndependent() async throws {
        try await withStub({ request, _ in
            .answer(200, body: Fixture.answer(nonce: nil, refreshToken: TokenStandIn.form(request)["code"] ?? ""))
        }) { server, transport in
            let signIn = try Fixture.signIn(server, transport)
            let urls = Box<[String]>([])
            async let first = signIn.withBrowser { urls.value.append($0) }
            try await eventually { urls.value.count == 1 }
            async let second = signIn.withBrowser { urls.value.append($0) }
            try await eventually { urls.value.count == 2 }
            for (index, url) in urls.value.enumerated() {
                let state = Fixture.query(of: url)["state"] ?? ""
                Task {
                    await Fixture.get(Fixture.redirect(url, [("code", "code-\(index)"), ("state", state)]), transport)
                }
            }
            #expect(try await first.refreshToken?.read() == "code-0")
            #expect(try await second.refreshToken?.read() == "code-1")
        }
    }
}
