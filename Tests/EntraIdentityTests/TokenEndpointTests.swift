import Foundation
import HTTPAccess
import HTTPStandIns
import Primitives
import Testing

@testable import EntraIdentity

/// The two versions of the token endpoint.
@Suite struct TokenEndpointTests {

    private static let v1 = "/contoso.example/oauth2/token"
    private static let v2 = "/contoso.example/oauth2/v2.0/token"

    private static let flows: [EntraTokenProvider.Flow] = [
        .password(username: "ann", password: Secret("p&w =ä+/%"), clientSecret: Secret("c&s")),
        .refreshToken(Secret("r&t"), clientSecret: Secret("c&s"), savedIn: nil),
        .clientCredentials(clientSecret: Secret("c&s")),
    ]

    @Test(arguments: flows.indices, [EntraTokenProvider.EndpointVersion.v1, .v2])
    func everyFlowSendsTheFormOfEachVersion(flow: Int, version: EntraTokenProvider.EndpointVersion) async throws {
        try await withStub({ _, _ in .answer(200, body: TokenStandIn.v1Answer) }) { server, transport in
            let provider = try TokenStandIn.provider(server, transport, flow: Self.flows[flow], version: version)
            _ = try await provider.token()
            let form = TokenStandIn.form(try #require(server.requests.first))
            #expect(server.requests.map(\.uri) == [version == .v1 ? Self.v1 : Self.v2])
            #expect(form["resource"] == (version == .v1 ? "https://api.partner.microsoft.com" : nil))
            #expect(form["scope"] == (version == .v2 ? "https://api.partner.microsoft.com/.default" : nil))
            #expect(form["client_secret"] == "c&s")
            #expect(form["password"] == (flow == 0 ? "p&w =ä+/%" : nil))
            #expect(form["refresh_token"] == (flow == 1 ? "r&t" : nil))
        }
    }

    @Test(
        arguments: [404, 405, 410],
        ["", "<html><title>Not found</title></html>", #"{"error":"not_found"}"#, #"{"detail":"Not Found"}"#]
    )
    func missingEndpointVersionIsReplacedByTheOther(status: Int, body: String) async throws {
        try await withStub({ request, _ in
            request.uri == Self.v2 ? .answer(200, body: TokenStandIn.v2Answer("T")) : .answer(status, body: body)
        }) { server, transport in
            let provider = try TokenStandIn.provider(server, transport, flow: Self.flows[0], version: nil)
            let token = try await provider.token()
            #expect(token.value == "T")
            await provider.invalidate(token)
            _ = try await provider.token()
            // The second request goes to the version that answered.
            #expect(server.requests.map(\.uri) == [Self.v1, Self.v2, Self.v2])
        }
    }

    @Test func refusalOfTheOtherVersionIsReported() async throws {
        try await withStub({ request, _ in
            request.uri == Self.v2 ? TokenStandIn.refusal(50126) : .answer(404)
        }) { server, transport in
            let provider = try TokenStandIn.provider(server, transport, flow: Self.flows[0], version: nil)
            let failure = try await failure(of: AuthenticationFailure.self) { try await provider.token() }
            #expect(failure.reason == .wrongUserNameOrPassword)
        }
    }

    @Test func refusalIsNotRetriedWithTheOtherVersion() async throws {
        // For a locked account each request prolongs the lock.
        try await withStub({ _, _ in TokenStandIn.refusal(50053) }) { server, transport in
            let provider = try TokenStandIn.provider(server, transport, flow: Self.flows[0], version: nil)
            let failure = try await failure(of: AuthenticationFailure.self) { try await provider.token() }
            #expect(failure.reason == .accountLocked)
            #expect(server.requests.count == 1)
        }
    }

    @Test func firstVersionIsReportedWhenBothAreMissing() async throws {
        try await withStub({ _, _ in .answer(404, body: "nothing here") }) { server, transport in
            let provider = try TokenStandIn.provider(server, transport, version: nil)
            let failure = try await failure(of: AuthenticationFailure.self) { try await provider.token() }
            #expect(failure.reason == .unreadableAnswer)
            #expect(failure.recovery == .retryable)
            #expect(failure.httpStatus == 404)
        }
    }
}
