import Foundation
import HTTPAccess
import HTTPStandIns
import NIOCore
import Primitives
import Testing

@testable import EntraIdentity

/// The remedy of a refusal depends on how the account signs in.
@Suite struct RefusalRemedyTests {

    private static let refreshToken = EntraTokenProvider.Flow.refreshToken(
        Secret("rt-0"),
        clientSecret: nil,
        savedIn: nil
    )

    private static func refusal(_ code: Int, _ grant: TokenGrantType?) -> AuthenticationFailure {
        let body = #"{"error":"invalid_grant","error_description":"AADSTS\#(code): No.","error_codes":[\#(code)]}"#
        return TokenAnswer(ByteBuffer(string: body))
            .failure(status: 400, account: "default", retryAfter: nil, secrets: [], grant: grant)
    }

    @Test(arguments: [50076, 50079]) func passwordRemedyIsForThePasswordFlowOnly(code: Int) {
        #expect(Self.refusal(code, .password).remedy.contains("refresh-token flow"))
        for grant in [TokenGrantType.refreshToken, .signIn, .clientCredentials, nil] {
            let failure = Self.refusal(code, grant)
            #expect(failure.reason == .mfaRequired)
            #expect(failure.remedy.contains("payout-worker sign-in"))
            #expect(!failure.remedy.contains("by password"))
        }
    }

    @Test func expiredGrantIsTheCodeOrTheRefreshToken() {
        #expect(Self.refusal(70008, .signIn).reason == .codeExpired)
        #expect(Self.refusal(70008, .signIn).remedy == "The code has expired; sign in again.")
        #expect(Self.refusal(70008, .refreshToken).reason == .refreshTokenExpired)
        #expect(Self.refusal(70008, nil).reason == .refreshTokenExpired)
        #expect(Self.refusal(54005, .signIn).reason == .codeExpired)
        for code in [50148, 501_481] { #expect(Self.refusal(code, .signIn).reason == .answerOfAnotherSignIn) }
    }

    /// AADSTS70000: the refresh token is not valid.
    @Test func invalidRefreshTokenNeedsASignIn() async throws {
        try await withStub({ _, _ in TokenStandIn.refusal(70000) }) { server, transport in
            let provider = try TokenStandIn.provider(server, transport, flow: Self.refreshToken)
            let error = try await failure(of: AuthenticationFailure.self) { try await provider.token() }
            #expect(error.reason == .refused("invalid_grant"))
            #expect(error.remedy.contains("payout-worker sign-in"))
        }
        #expect(Self.refusal(70000, .password).remedy.contains("documentation"))
    }

    @Test func refreshTokenFlowHasNoRemedyAboutPasswords() async throws {
        try await withStub({ _, _ in TokenStandIn.refusal(50076) }) { server, transport in
            let provider = try TokenStandIn.provider(server, transport, flow: Self.refreshToken)
            let error = try await failure(of: AuthenticationFailure.self) { try await provider.token() }
            #expect(error.remedy.contains("payout-worker sign-in"))
        }
    }

    @Test func expiredDeviceCodeIsNotAnExpiredRefreshToken() async throws {
        let replies: @Sendable (StubRequest, Int) -> StubReply = DeviceCodeTests.script([TokenStandIn.refusal(70008)])
        try await withStub(replies) { server, transport in
            let signIn = try SignInFixture.signIn(server, transport, environment: .test(TestClock()))
            let error = try await failure(of: AuthenticationFailure.self) { try await signIn.withDeviceCode { _ in } }
            #expect(error.reason == .codeExpired)
        }
    }

    @Test func missingAnswerNamesTheHost() async throws {
        try await withStub({ _, _ in .close }) { server, transport in
            let provider = try TokenStandIn.provider(server, transport)
            let error = try await failure(of: AuthenticationFailure.self) { try await provider.token() }
            let host = try #require(URL(string: server.url)?.host)
            #expect(error.reason == .transport(.closed))
            #expect(error.remedy.contains(host))
            #expect(error.remedy.contains("proxy"))
        }
        var refused = AuthenticationFailure(reason: .transport(.tls))
        refused.host = "login.microsoftonline.com"
        #expect(refused.remedy.contains("login.microsoftonline.com"))
        #expect(refused.remedy.contains("certificate"))
    }
}
