import Foundation
import Testing

@testable import PayoutAPI

@Suite struct TokenProviderTests {
    static let v1Answer =
        #"{"token_type":"Bearer","expires_in":"3599","expires_on":"1800003599","access_token":"T-v1","refresh_token":"R"}"#

    static func v2Answer(_ token: String, expiresIn: Int = 3599) -> String {
        #"{"token_type":"Bearer","expires_in":\#(expiresIn),"ext_expires_in":\#(expiresIn),"access_token":"\#(token)"}"#
    }

    static func refusal(_ code: Int, error: String = "invalid_grant") -> StubReply {
        .answer(
            400,
            body: """
                {"error":"\(error)","error_description":"AADSTS\(code): Something. Trace ID: 1","error_codes":[\(code)],\
                "correlation_id":"c0ffee00-0000-4000-8000-000000000000"}
                """
        )
    }

    static func provider(
        _ server: StubServer,
        _ transport: PayoutTransport,
        flow: AzureADTokenProvider.Flow? = nil,
        version: AzureADTokenProvider.EndpointVersion? = nil,
        clock: TestClock = TestClock(),
        log: LogCapture? = nil
    ) throws -> AzureADTokenProvider {
        let password = AzureADTokenProvider.Flow.password(
            username: "ann@contoso.example",
            password: Secret("p&w =ä+/"),
            clientSecret: nil
        )
        var configuration = AzureADTokenProvider.Configuration(
            tenantID: "contoso.example",
            clientID: "client-1",
            flow: flow ?? password
        )
        configuration.authority = server.url
        configuration.endpointVersion = version
        return try AzureADTokenProvider(
            configuration: configuration,
            transport: transport,
            environment: .test(clock),
            logger: log?.logger
        )
    }

    static func form(_ request: StubRequest) -> [String: String] {
        var fields: [String: String] = [:]
        for pair in request.body.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            fields[String(parts[0])] = parts.count > 1 ? String(parts[1]).removingPercentEncoding : nil
        }
        return fields
    }

    // MARK: - Flows

    @Test func passwordUsesV1ByDefault() async throws {
        try await withStub({ _, _ in .answer(200, body: Self.v1Answer) }) { server, transport in
            let token = try await Self.provider(server, transport).token()
            #expect(token.value == "T-v1")
            let request = try #require(server.requests.first)
            #expect(request.method == "POST")
            #expect(request.uri == "/contoso.example/oauth2/token")
            #expect(request.header("content-type") == "application/x-www-form-urlencoded")
            #expect(request.header("authorization") == nil)
            #expect(request.body.contains("password=p%26w%20%3D%C3%A4%2B%2F"))
            #expect(
                Self.form(request) == [
                    "grant_type": "password", "username": "ann@contoso.example", "password": "p&w =ä+/",
                    "client_id": "client-1", "resource": "https://api.partner.microsoft.com",
                ]
            )
        }
    }

    @Test func passwordCanUseV2AndAClientSecret() async throws {
        try await withStub({ _, _ in .answer(200, body: Self.v2Answer("T-v2")) }) { server, transport in
            let flow = AzureADTokenProvider.Flow.password(
                username: "ann",
                password: Secret("pw"),
                clientSecret: Secret("cs")
            )
            let token = try await Self.provider(server, transport, flow: flow, version: .v2).token()
            #expect(token.value == "T-v2")
            let request = try #require(server.requests.first)
            #expect(request.uri == "/contoso.example/oauth2/v2.0/token")
            #expect(
                Self.form(request) == [
                    "grant_type": "password", "username": "ann", "password": "pw", "client_id": "client-1",
                    "client_secret": "cs", "scope": "https://api.partner.microsoft.com/.default",
                ]
            )
        }
    }

    @Test func refreshTokenAndClientCredentialsUseV2() async throws {
        try await withStub({ _, _ in .answer(200, body: Self.v2Answer("T")) }) { server, transport in
            let flows: [AzureADTokenProvider.Flow] = [
                .refreshToken(Secret("rt"), clientSecret: nil, savedIn: nil),
                .refreshToken(Secret("rt"), clientSecret: Secret("cs"), savedIn: nil),
                .clientCredentials(clientSecret: Secret("cs")),
            ]
            for flow in flows { _ = try await Self.provider(server, transport, flow: flow).token() }
            #expect(server.requests.allSatisfy { $0.uri == "/contoso.example/oauth2/v2.0/token" })
            let common = ["client_id": "client-1", "scope": "https://api.partner.microsoft.com/.default"]
            let expected = [
                ["grant_type": "refresh_token", "refresh_token": "rt"],
                ["grant_type": "refresh_token", "refresh_token": "rt", "client_secret": "cs"],
                ["grant_type": "client_credentials", "client_secret": "cs"],
            ]
            #expect(server.requests.map(Self.form) == expected.map { $0.merging(common) { first, _ in first } })
        }
    }

    // MARK: - Keeping

    @Test func aTokenIsKeptUntilShortlyBeforeItExpires() async throws {
        try await withStub({ _, index in .answer(200, body: Self.v2Answer("T\(index)")) }) { server, transport in
            let clock = TestClock()
            let provider = try Self.provider(server, transport, clock: clock)
            #expect(try await provider.token().value == "T0")
            // Renewed 450 s ahead: 300 s and half of as much again.
            clock.advance(by: .seconds(3148))
            #expect(try await provider.token().value == "T0")
            #expect(server.requests.count == 1)
            clock.advance(by: .seconds(2))
            // Renewed in the background: the old token serves until the new one is there.
            #expect(try await provider.token().value == "T0")
            try await eventually { server.requests.count == 2 }
            try await eventually { try await provider.token().value == "T1" }
            #expect(server.requests.count == 2)
        }
    }

    @Test func anExpiredTokenIsNotHandedOut() async throws {
        try await withStub({ _, index in .answer(200, body: Self.v2Answer("T\(index)")) }) { server, transport in
            let clock = TestClock()
            let provider = try Self.provider(server, transport, clock: clock)
            _ = try await provider.token()
            clock.advance(by: .seconds(3575))
            #expect(try await provider.token().value == "T1")
        }
    }

    @Test func callersShareOneRequest() async throws {
        try await withStub({ _, index in .answer(200, body: Self.v2Answer("T\(index)")) }) { server, transport in
            let provider = try Self.provider(server, transport)
            let tokens = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<50 { group.addTask { try await provider.token().value } }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(tokens == ["T0"])
            #expect(server.requests.count == 1)
        }
    }

    @Test func aCancelledCallerDoesNotCancelTheOthers() async throws {
        let (gate, opener) = AsyncStream<Void>.makeStream()
        try await withStub({ _, _ in
            .later {
                for await _ in gate {}
                return Self.v2Answer("T")
            }
        }) { server, transport in
            let provider = try Self.provider(server, transport)
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

    @Test func anInvalidatedTokenIsReplaced() async throws {
        try await withStub({ _, index in .answer(200, body: Self.v2Answer("T\(index)")) }) { server, transport in
            let provider = try Self.provider(server, transport)
            let token = try await provider.token()
            await provider.invalidate(AccessToken("another"))
            #expect(try await provider.token().value == "T0")
            await provider.invalidate(token)
            #expect(try await provider.token().value == "T1")
            // Late news of the old token does not touch the new one.
            await provider.invalidate(token)
            #expect(try await provider.token().value == "T1")
        }
    }

    @Test func aRefusedRenewalIsNotFatalWhileTheOldTokenLives() async throws {
        let log = LogCapture()
        try await withStub({ _, index in
            switch index {
            case 0, 3: .answer(200, body: Self.v2Answer("T\(index)"))
            case 1: .answer(503)
            default: Self.refusal(50126)
            }
        }) { server, transport in
            let clock = TestClock()
            let provider = try Self.provider(server, transport, clock: clock, log: log)
            _ = try await provider.token()
            clock.advance(by: .seconds(3160))
            for count in 2...3 {
                #expect(try await provider.token().value == "T0")
                try await eventually { server.requests.count == count }
                try await eventually { log.text.components(separatedBy: "could not be renewed").count == count }
                // At once nothing is tried again, after a while it is.
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
    func lifetimesComeInManyForms(body: String) async throws {
        try await withStub({ _, index in
            index == 0 ? .answer(200, body: body) : .answer(200, body: Self.v2Answer("U"))
        }) { server, transport in
            let clock = TestClock()
            let provider = try Self.provider(server, transport, clock: clock)
            #expect(try await provider.token().value == "T")
            clock.advance(by: .seconds(370))
            #expect(try await provider.token().value == "T")
            #expect(server.requests.count == 1)
            clock.advance(by: .seconds(300))
            #expect(try await provider.token().value == "U")
        }
    }

    @Test func answersWithoutATokenAreUnreadable() async throws {
        for body in ["", "{}", "<html>login</html>", #"{"access_token":""}"#, "[]"] {
            try await withStub({ _, _ in .answer(200, body: body) }) { server, transport in
                let provider = try Self.provider(server, transport)
                let error = try await failure(of: AuthenticationFailure.self) { try await provider.token() }
                #expect(error.reason == .unreadableAnswer)
                #expect(error.recovery == .retryable)
            }
        }
    }
}
