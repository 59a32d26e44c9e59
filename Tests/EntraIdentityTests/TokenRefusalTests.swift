import Foundation
import HTTPAccess
import HTTPStandIns
import Primitives
import Testing
import TestSupport

@testable import EntraIdentity

/// How a token provider classifies refusals, and when it tries again.
@Suite struct TokenRefusalTests {

    @Test(arguments: [
        (50076, AuthenticationFailure.Reason.mfaRequired, "refresh-token flow"),
        (50079, .mfaRequired, "refresh-token flow"),
        (50126, .wrongUserNameOrPassword, "password"), (7_000_218, .clientSecretRequired, "public client flows"),
        (65001, .consentRequired, "consent"), (90002, .tenantNotFound, "tenant id"),
        (700_016, .applicationNotFound, "client id"), (700_082, .refreshTokenExpired, "payout-worker sign-in"),
        (50053, .accountLocked, "prolongs"), (7_000_215, .clientSecretRefused, "client secret"),
        (7_000_222, .clientSecretRefused, "client secret"), (50055, .passwordExpired, "new password"),
        (50057, .accountDisabled, "Enable"), (50034, .userNotFound, "user name"),
        (53003, .conditionalAccess, "sign in with a browser"), (50173, .refreshTokenRevoked, "payout-worker sign-in"),
        (50078, .mfaExpired, "payout-worker sign-in"), (70043, .signInFrequency, "payout-worker sign-in"),
        (50011, .redirectNotRegistered, "http://localhost"), (65004, .declined, "accept"),
        (500_011, .apiMissingInTenant, "az ad sp create --id 4990cffe-04e8-4e8b-808a-1175604b879f"),
        (650_052, .apiMissingInTenant, "az ad sp create"), (650_057, .permissionNotRequested, "user_impersonation"),
    ])
    func everyCodeHasItsReasonAndRemedy(code: Int, reason: AuthenticationFailure.Reason, mention: String) async throws {
        for status in [400, 401] {
            let body = """
                {"error":"invalid_grant","error_description":"AADSTS\(code): No.\\r\\nTrace ID: x","error_codes":[\(code)],\
                "correlation_id":"c0ffee00-0000-4000-8000-000000000000"}
                """
            try await withStub({ _, _ in .answer(status, body: body) }) { server, transport in
                let provider = try TokenStandIn.provider(server, transport)
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

    @Test func codeInTheDescriptionAloneIsRead() async throws {
        let body = #"{"error":"interaction_required","error_description":"AADSTS50076: Due to a change"}"#
        try await withStub({ _, _ in .answer(400, body: body) }) { server, transport in
            let provider = try TokenStandIn.provider(server, transport)
            let error = try await failure(of: AuthenticationFailure.self) { try await provider.token() }
            #expect(error.reason == .mfaRequired)
        }
    }

    @Test func unknownRefusalKeepsItsError() async throws {
        try await withStub({ _, _ in TokenStandIn.refusal(12345, error: "invalid_request") }) { server, transport in
            let provider = try TokenStandIn.provider(server, transport)
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
    func temporaryRefusalIsRetryable(status: Int, body: String) async throws {
        try await withStub({ _, index in
            index == 0 ? .answer(status, body: body) : .answer(200, body: TokenStandIn.v2Answer("T"))
        }) { server, transport in
            let provider = try TokenStandIn.provider(server, transport)
            let error = try await failure(of: AuthenticationFailure.self) { try await provider.token() }
            #expect(error.reason == .unavailable)
            #expect(error.recovery == .retryable)
            // The next call sends a request: the failure is not a refusal.
            #expect(try await provider.token().value == "T")
        }
    }

    @Test func missingAnswerIsATransportFailure() async throws {
        try await withStub({ _, _ in .close }) { server, transport in
            let provider = try TokenStandIn.provider(server, transport)
            let error = try await failure(of: AuthenticationFailure.self) { try await provider.token() }
            #expect(error.reason == .transport(.closed))
            #expect(error.recovery == .retryable)
        }
    }

    @Test func throttledAccountWaitsForRetryAfter() async throws {
        try await withStub({ _, index in
            index == 0 ? .answer(429, headers: [("retry-after", "20")]) : .answer(200, body: TokenStandIn.v2Answer("T"))
        }) { server, transport in
            let clock = TestClock()
            let provider = try TokenStandIn.provider(server, transport, clock: clock)
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

    @Test func refusedCredentialsAreNotTriedAgainForAWhile() async throws {
        try await withStub({ _, _ in TokenStandIn.refusal(50126) }) { server, transport in
            let clock = TestClock()
            let provider = try TokenStandIn.provider(server, transport, clock: clock)
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

    @Test func lockedAccountIsNotTriedBeforeAReset() async throws {
        try await withStub({ _, index in
            index == 0 ? TokenStandIn.refusal(50053) : .answer(200, body: TokenStandIn.v2Answer("T"))
        }) { server, transport in
            let clock = TestClock()
            let provider = try TokenStandIn.provider(server, transport, clock: clock)
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

    @Test func accountLockedDuringARenewalIsNotTriedAgain() async throws {
        let log = LogCapture()
        try await withStub({ _, index in
            index == 0 ? .answer(200, body: TokenStandIn.v2Answer("T")) : TokenStandIn.refusal(50053)
        }) { server, transport in
            let clock = TestClock()
            let provider = try TokenStandIn.provider(server, transport, clock: clock, log: log)
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
    func newCredentialsClearARefusal(code: Int) async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/password"
            try "old\n".write(toFile: path, atomically: true, encoding: .utf8)
            try await withStub({ request, _ in
                TokenStandIn.form(request)["password"] == "new"
                    ? .answer(200, body: TokenStandIn.v2Answer("T")) : TokenStandIn.refusal(code)
            }) { server, transport in
                let flow = EntraTokenProvider.Flow.password(
                    username: "ann",
                    password: .file(path),
                    clientSecret: nil
                )
                let provider = try TokenStandIn.provider(server, transport, flow: flow)
                for _ in 0..<2 {
                    _ = try await failure(of: AuthenticationFailure.self) { try await provider.token() }
                }
                #expect(server.requests.count == 1)
                try "new\n".write(toFile: path, atomically: true, encoding: .utf8)
                #expect(try await provider.token().value == "T")
            }
        }
    }

    @Test func missingFileOfRefreshTokenAsksForSignIn() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/default.refresh-token"
            try await withStub({ _, _ in .answer(200, body: TokenStandIn.v2Answer("T")) }) { server, transport in
                let flow = EntraTokenProvider.Flow.refreshToken(.file(path), clientSecret: nil, savedIn: nil)
                let provider = try TokenStandIn.provider(server, transport, flow: flow)
                let error = try await failure(of: AuthenticationFailure.self) { try await provider.token() }
                #expect(error.reason == .notSignedIn)
                #expect(error.description.contains("payout-worker sign-in") && error.description.contains(path))
                #expect(server.requests.isEmpty)
                try "R".write(toFile: path, atomically: true, encoding: .utf8)
                #expect(try await provider.token().value == "T")
            }
        }
    }

    @Test func missingSecretFileIsReportedWithItsPath() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/password"
            try await withStub({ _, _ in .answer(200, body: TokenStandIn.v2Answer("T")) }) { server, transport in
                let flow = EntraTokenProvider.Flow.password(
                    username: "ann",
                    password: .file(path),
                    clientSecret: nil
                )
                let provider = try TokenStandIn.provider(server, transport, flow: flow)
                let error = try await failure(of: AuthenticationFailure.self) { try await provider.token() }
                #expect(error.reason == .secretUnavailable)
                #expect(error.description.contains(path))
                #expect(server.requests.isEmpty)
                try "pw".write(toFile: path, atomically: true, encoding: .utf8)
                #expect(try await provider.token().value == "T")
            }
        }
    }

    @Test func incompleteConfigurationIsRefused() async throws {
        let transport = HTTPTransport()
        let flow = EntraTokenProvider.Flow.clientCredentials(clientSecret: Secret("x"))
        for (tenant, client, authority) in [
            ("", "c", "https://a.example"), ("t", " ", "https://a.example"), ("t", "c", "a.example"),
        ] {
            var configuration = EntraTokenProvider.Configuration(tenantID: tenant, clientID: client, flow: flow)
            configuration.authority = authority
            #expect(throws: ClientConfigurationError.self) {
                try EntraTokenProvider(configuration: configuration, transport: transport)
            }
        }
        try await transport.shutdown()
    }
}
