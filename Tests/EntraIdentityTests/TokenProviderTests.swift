import Foundation
import HTTPAccess
import HTTPStandIns
import Primitives
import Testing
import TestSupport

@testable import EntraIdentity

/// The requests of a token provider for each flow, and its cache.
@Suite struct TokenProviderTests {
    // MARK: - Flows

    @Test func passwordUsesV1ByDefault() async throws {
        try await withStub({ _, _ in .answer(200, body: TokenStandIn.v1Answer) }) { server, transport in
            let token = try await TokenStandIn.provider(server, transport).token()
            #expect(token.value == "T-v1")
            let request = try #require(server.requests.first)
            #expect(request.method == "POST")
            #expect(request.uri == "/contoso.example/oauth2/token")
            #expect(request.header("content-type") == "application/x-www-form-urlencoded")
            #expect(request.header("authorization") == nil)
            #expect(request.body.contains("password=p%26w%20%3D%C3%A4%2B%2F"))
            #expect(
                TokenStandIn.form(request) == [
                    "grant_type": "password", "username": "ann@contoso.example", "password": "p&w =ä+/",
                    "client_id": "client-1", "resource": "https://api.partner.microsoft.com",
                ]
            )
        }
    }

    @Test func passwordCanUseV2AndAClientSecret() async throws {
        try await withStub({ _, _ in .answer(200, body: TokenStandIn.v2Answer("T-v2")) }) { server, transport in
            let flow = EntraTokenProvider.Flow.password(
                username: "ann",
                password: Secret("pw"),
                clientSecret: Secret("cs")
            )
            let token = try await TokenStandIn.provider(server, transport, flow: flow, version: .v2).token()
            #expect(token.value == "T-v2")
            let request = try #require(server.requests.first)
            #expect(request.uri == "/contoso.example/oauth2/v2.0/token")
            #expect(
                TokenStandIn.form(request) == [
                    "grant_type": "password", "username": "ann", "password": "pw", "client_id": "client-1",
                    "client_secret": "cs", "scope": "https://api.partner.microsoft.com/.default",
                ]
            )
        }
    }

    @Test func refreshTokenAndClientCredentialsUseV2() async throws {
        try await withStub({ _, _ in .answer(200, body: TokenStandIn.v2Answer("T")) }) { server, transport in
            let flows: [EntraTokenProvider.Flow] = [
                .refreshToken(Secret("rt"), clientSecret: nil, savedIn: nil),
                .refreshToken(Secret("rt"), clientSecret: Secret("cs"), savedIn: nil),
                .clientCredentials(clientSecret: Secret("cs")),
            ]
            for flow in flows { _ = try await TokenStandIn.provider(server, transport, flow: flow).token() }
            #expect(server.requests.allSatisfy { $0.uri == "/contoso.example/oauth2/v2.0/token" })
            let common = ["client_id": "client-1", "scope": "https://api.partner.microsoft.com/.default"]
            let expected = [
                ["grant_type": "refresh_token", "refresh_token": "rt"],
                ["grant_type": "refresh_token", "refresh_token": "rt", "client_secret": "cs"],
                ["grant_type": "client_credentials", "client_secret": "cs"],
            ]
            #expect(server.requests.map(TokenStandIn.form) == expected.map { $0.merging(common) { first, _ in first } })
        }
    }

    // MARK: - Caching

    @Test func tokenIsCachedUntilShortlyBeforeItExpires() async throws {
        try await withStub({ _, index in .answer(200, body: TokenStandIn.v2Answer("T\(index)")) }) {
            server,
            transport in
            let clock = TestClock()
            let provider = try TokenStandIn.provider(server, transport, clock: clock)
            #expect(try await provider.token().value == "T0")
            // Renewed 450 s before the expiry: 300 s, and 150 s of jitter.
            clock.advance(by: .seconds(3148))
            #expect(try await provider.token().value == "T0")
            #expect(server.requests.count == 1)
            clock.advance(by: .seconds(2))
            // Renewed in the background: the old token is returned until the new one arrives.
            #expect(try await provider.token().value == "T0")
            try await eventually { server.requests.count == 2 }
            try await eventually { try await provider.token().value == "T1" }
            #expect(server.requests.count == 2)
        }
    }

    @Test func expiredTokenIsNotReturned() async throws {
        try await withStub({ _, index in .answer(200, body: TokenStandIn.v2Answer("T\(index)")) }) {
            server,
            transport in
            let clock = TestClock()
            let provider = try TokenStandIn.provider(server, transport, clock: clock)
            _ = try await provider.token()
            clock.advance(by: .seconds(3575))
            #expect(try await provider.token().value == "T1")
        }
    }

    @Test func concurrentCallersShareOneRequest() async throws {
        try await withStub({ _, index in .answer(200, body: TokenStandIn.v2Answer("T\(index)")) }) {
            server,
            transport in
            let provider = try TokenStandIn.provider(server, transport)
            let tokens = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<50 { group.addTask { try await provider.token().value } }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(tokens == ["T0"])
            #expect(server.requests.count == 1)
        }
    }

    @Test func cancelledCallerDoesNotCancelTheSharedRequest() async throws {
        let (gate, opener) = AsyncStream<Void>.makeStream()
        try await withStub({ _, _ in
            .later {
                for await _ in gate {}
                return TokenStandIn.v2Answer("T")
            }
        }) { server, transport in
            let provider = try TokenStandIn.provider(server, transport)
            let first = Task { try await provider.token() }
            try await eventually { server.requests.count == 1 }
            let second = Task { try await provider.token() }
            first.cancel()
            let result = await first.result
            #expect(throws: CancellationError.self) { try result.get() }
            opener.finish()
            #expect(try await second.value.value == "T")
            #expect(server.requests.count == 1)
        }
    }

    @Test func invalidatedTokenIsReplaced() async throws {
        try await withStub({ _, index in .answer(200, body: TokenStandIn.v2Answer("T\(index)")) }) {
            server,
            transport in
            let provider = try TokenStandIn.provider(server, transport)
            let token = try await provider.token()
            await provider.invalidate(AccessToken("another"))
            #expect(try await provider.token().value == "T0")
            await provider.invalidate(token)
            #expect(try await provider.token().value == "T1")
            // Invalidating the old token late does not affect the new one.
            await provider.invalidate(token)
            #expect(try await provider.token().value == "T1")
        }
    }

    @Test func oldTokenIsReturnedWhileItsRenewalIsRefused() async throws {
        let log = LogCapture()
        try await withStub({ _, index in
            switch index {
            case 0, 3: .answer(200, body: TokenStandIn.v2Answer("T\(index)"))
            case 1: .answer(503)
            default: TokenStandIn.refusal(50126)
            }
        }) { server, transport in
            let clock = TestClock()
            let provider = try TokenStandIn.provider(server, transport, clock: clock, log: log)
            _ = try await provider.token()
            clock.advance(by: .seconds(3160))
            for count in 2...3 {
                #expect(try await provider.token().value == "T0")
                try await eventually { server.requests.count == count }
                try await eventually { log.text.components(separatedBy: "could not be renewed").count == count }
                // The renewal is retried after a pause, not at once.
                #expect(try await provider.token().value == "T0")
                #expect(server.requests.count == count)
                clock.advance(by: .seconds(60))
            }
            #expect(try await provider.token().value == "T0")
            try await eventually { try await provider.token().value == "T3" }
        }
    }

    // MARK: - Answers

    @Test(arguments: [
        #"{"access_token":"T","expires_on":"1800001600"}"#, #"{"access_token":"T","expires_in":600.5}"#,
        #"{"access_token":" T\n","expires_in":"600"}"#,
    ])
    func everyFormOfALifetimeIsRead(body: String) async throws {
        try await withStub({ _, index in
            index == 0 ? .answer(200, body: body) : .answer(200, body: TokenStandIn.v2Answer("U"))
        }) { server, transport in
            let clock = TestClock()
            let provider = try TokenStandIn.provider(server, transport, clock: clock)
            #expect(try await provider.token().value == "T")
            clock.advance(by: .seconds(370))
            #expect(try await provider.token().value == "T")
            #expect(server.requests.count == 1)
            clock.advance(by: .seconds(300))
            #expect(try await provider.token().value == "U")
        }
    }

    @Test(arguments: ["9223372036854775807", "-9223372036854775808", "1e300", "0"])
    func implausibleLifetimeIsBounded(seconds: String) async throws {
        let body = #"{"access_token":"T","expires_in":\#(seconds)}"#
        try await withStub({ _, _ in .answer(200, body: body) }) { server, transport in
            let clock = TestClock()
            let provider = try TokenStandIn.provider(server, transport, clock: clock)
            #expect(try await provider.token().value == "T")
            clock.advance(by: .seconds(8 * 86_400))
            #expect(try await provider.token().value == "T")
            #expect(server.requests.count == 2)
        }
    }

    @Test func answerWithoutATokenIsUnreadable() async throws {
        for body in ["", "{}", "<html>login</html>", #"{"access_token":""}"#, "[]"] {
            try await withStub({ _, _ in .answer(200, body: body) }) { server, transport in
                let provider = try TokenStandIn.provider(server, transport)
                let error = try await failure(of: AuthenticationFailure.self) { try await provider.token() }
                #expect(error.reason == .unreadableAnswer)
                #expect(error.recovery == .retryable)
            }
        }
    }
}
