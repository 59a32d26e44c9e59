import Foundation
import Testing

@testable import PayoutAPI

@Suite struct TokenRefusalTests {
    typealias Base = TokenProviderTests

    @Test(arguments: [
        (50076, AuthenticationFailure.Reason.mfaRequired, "refresh-token flow"),
        (50079, .mfaRequired, "refresh-token flow"),
        (50126, .wrongUserNameOrPassword, "password"), (7_000_218, .clientSecretRequired, "public client flows"),
        (65001, .consentRequired, "consent"), (90002, .tenantNotFound, "tenant id"),
        (700_016, .applicationNotFound, "client id"), (700_082, .refreshTokenExpired, "new refresh token"),
        (50053, .accountLocked, "prolongs"), (7_000_215, .clientSecretRefused, "client secret"),
        (7_000_222, .clientSecretRefused, "client secret"), (50055, .passwordExpired, "new password"),
        (50057, .accountDisabled, "Enable"), (50034, .userNotFound, "user name"),
        (53003, .conditionalAccess, "policy"), (50173, .refreshTokenRevoked, "Sign in again"),
    ])
    func everyCodeHasItsReason(code: Int, reason: AuthenticationFailure.Reason, mention: String) async throws {
        for status in [400, 401] {
            let body = """
                {"error":"invalid_grant","error_description":"AADSTS\(code): No.\\r\\nTrace ID: x","error_codes":[\(code)],\
                "correlation_id":"c0ffee00-0000-4000-8000-000000000000"}
                """
            try await withStub({ _, _ in .answer(status, body: body) }) { server, transport in
                let provider = try Base.provider(server, transport)
                let error = try await failure(of: AuthenticationFailure.self) { try await provider.token() }
                #expect(error.reason == reason)
                #expect(error.aadCode == code)
                #expect(error.httpStatus == status)
                #expect(error.recovery == .permanentForAccount)
                #expect(error.correlationID == "c0ffee00-0000-4000-8000-000000000000")
                #expect(error.description.contains(mention), "\(error)")
                #expect(error.description.contains("AADSTS\(code)"))
            }
        }
    }

    @Test func codesAreFoundInTheDescriptionToo() async throws {
        let body = #"{"error":"interaction_required","error_description":"AADSTS50076: Due to a change"}"#
        try await withStub({ _, _ in .answer(400, body: body) }) { server, transport in
            let provider = try Base.provider(server, transport)
            let error = try await failure(of: AuthenticationFailure.self) { try await provider.token() }
            #expect(error.reason == .mfaRequired)
        }
    }

    @Test func otherRefusalsKeepTheirCode() async throws {
        try await withStub({ _, _ in Base.refusal(12345, error: "invalid_request") }) { server, transport in
            let provider = try Base.provider(server, transport)
            let error = try await failure(of: AuthenticationFailure.self) { try await provider.token() }
            #expect(error.reason == .refused("invalid_request"))
            #expect(error.aadCode == 12345)
            #expect(error.recovery == .permanentForAccount)
        }
    }

    @Test(arguments: [
        (500, #"{"error":"server_error"}"#), (503, ""), (408, ""), (400, #"{"error":"temporarily_unavailable"}"#),
        (400, #"{"error":"x","error_codes":[90033]}"#),
    ])
    func passingTroubleIsRetryable(status: Int, body: String) async throws {
        try await withStub({ _, index in
            index == 0 ? .answer(status, body: body) : .answer(200, body: Base.v2Answer("T"))
        }) { server, transport in
            let provider = try Base.provider(server, transport)
            let error = try await failure(of: AuthenticationFailure.self) { try await provider.token() }
            #expect(error.reason == .unavailable)
            #expect(error.recovery == .retryable)
            // Nothing is held against the account.
            #expect(try await provider.token().value == "T")
        }
    }

    @Test func lostAnswersAreTransportFailures() async throws {
        try await withStub({ _, _ in .close }) { server, transport in
            let provider = try Base.provider(server, transport)
            let error = try await failure(of: AuthenticationFailure.self) { try await provider.token() }
            #expect(error.reason == .transport(.closed))
            #expect(error.recovery == .retryable)
        }
    }

    @Test func throttlingHoldsForAsLongAsItSays() async throws {
        try await withStub({ _, index in
            index == 0 ? .answer(429, headers: [("retry-after", "20")]) : .answer(200, body: Base.v2Answer("T"))
        }) { server, transport in
            let clock = TestClock()
            let provider = try Base.provider(server, transport, clock: clock)
            for _ in 0..<3 {
                let error = try await failure(of: AuthenticationFailure.self) { try await provider.token() }
                #expect(error.reason == .throttled)
                #expect(error.recovery == .throttled)
                #expect(error.retryAfter == .seconds(20))
            }
            #expect(server.requests.count == 1)
            clock.advance(by: .seconds(21))
            #expect(try await provider.token().value == "T")
        }
    }

    @Test func aRefusalStandsForAWhile() async throws {
        try await withStub({ _, _ in Base.refusal(50126) }) { server, transport in
            let clock = TestClock()
            let provider = try Base.provider(server, transport, clock: clock)
            for _ in 0..<5 { _ = try await failure(of: AuthenticationFailure.self) { try await provider.token() } }
            #expect(server.requests.count == 1)
            clock.advance(by: .seconds(301))
            _ = try await failure(of: AuthenticationFailure.self) { try await provider.token() }
            #expect(server.requests.count == 2)
            provider.reset()
            _ = try await failure(of: AuthenticationFailure.self) { try await provider.token() }
            #expect(server.requests.count == 3)
        }
    }

    @Test func aLockedAccountIsLeftAloneUntilReset() async throws {
        try await withStub({ _, index in
            index == 0 ? Base.refusal(50053) : .answer(200, body: Base.v2Answer("T"))
        }) { server, transport in
            let clock = TestClock()
            let provider = try Base.provider(server, transport, clock: clock)
            for _ in 0..<5 {
                let error = try await failure(of: AuthenticationFailure.self) { try await provider.token() }
                #expect(error.reason == .accountLocked)
                clock.advance(by: .seconds(7 * 86_400))
            }
            #expect(server.requests.count == 1)
            provider.reset()
            #expect(try await provider.token().value == "T")
        }
    }

    @Test func aLockMetWhileRenewingIsNotTriedAgainEither() async throws {
        let log = LogCapture()
        try await withStub({ _, index in
            index == 0 ? .answer(200, body: Base.v2Answer("T")) : Base.refusal(50053)
        }) { server, transport in
            let clock = TestClock()
            let provider = try Base.provider(server, transport, clock: clock, log: log)
            _ = try await provider.token()
            clock.advance(by: .seconds(3160))
            _ = try await provider.token()
            try await eventually { log.text.contains("could not be renewed") }
            clock.advance(by: .seconds(400))
            #expect(try await provider.token().value == "T")
            clock.advance(by: .seconds(86_400))
            let error = try await failure(of: AuthenticationFailure.self) { try await provider.token() }
            #expect(error.reason == .accountLocked)
            #expect(server.requests.count == 2)
        }
    }

    @Test(arguments: [50053, 50126])
    func newCredentialsLiftARefusal(code: Int) async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/password"
            try "old\n".write(toFile: path, atomically: true, encoding: .utf8)
            try await withStub({ request, _ in
                Base.form(request)["password"] == "new" ? .answer(200, body: Base.v2Answer("T")) : Base.refusal(code)
            }) { server, transport in
                let flow = AzureADTokenProvider.Flow.password(
                    username: "ann",
                    password: .file(path),
                    clientSecret: nil
                )
                let provider = try Base.provider(server, transport, flow: flow)
                for _ in 0..<2 {
                    _ = try await failure(of: AuthenticationFailure.self) { try await provider.token() }
                }
                #expect(server.requests.count == 1)
                try "new\n".write(toFile: path, atomically: true, encoding: .utf8)
                #expect(try await provider.token().value == "T")
            }
        }
    }

    @Test func aMissingSecretFileIsNamed() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/password"
            try await withStub({ _, _ in .answer(200, body: Base.v2Answer("T")) }) { server, transport in
                let flow = AzureADTokenProvider.Flow.password(
                    username: "ann",
                    password: .file(path),
                    clientSecret: nil
                )
                let provider = try Base.provider(server, transport, flow: flow)
                let error = try await failure(of: AuthenticationFailure.self) { try await provider.token() }
                #expect(error.reason == .secretUnavailable)
                #expect(error.description.contains(path))
                #expect(server.requests.isEmpty)
                try "pw".write(toFile: path, atomically: true, encoding: .utf8)
                #expect(try await provider.token().value == "T")
            }
        }
    }

    @Test func configurationsThatCannotWorkAreRefused() async throws {
        let transport = PayoutTransport()
        let flow = AzureADTokenProvider.Flow.clientCredentials(clientSecret: Secret("x"))
        for (tenant, client, authority) in [
            ("", "c", "https://a.example"), ("t", " ", "https://a.example"), ("t", "c", "a.example"),
        ] {
            var configuration = AzureADTokenProvider.Configuration(tenantID: tenant, clientID: client, flow: flow)
            configuration.authority = authority
            #expect(throws: PayoutConfigurationError.self) {
                try AzureADTokenProvider(configuration: configuration, transport: transport)
            }
        }
        try await transport.shutdown()
    }
}
