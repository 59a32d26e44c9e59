import Foundation
import NIOHTTP1
import PayoutSandbox
import Testing

@Suite struct TokenTests {
    @Test func versionOneReturnsNumbersAsStringsAndVersionTwoAsNumbers() async throws {
        try await withSandbox { _, client async throws in
            let one = try await client.post(passwordForm(), to: tokenPathV1)
            #expect(one.status == 200)
            #expect(one.json["token_type"] as? String == "Bearer")
            #expect(one.json["expires_in"] as? String == "3599")
            #expect(one.json["refresh_token"] is String)
            let form = passwordForm(["resource": nil, "scope": "https://api.partner.microsoft.com/.default"])
            let two = try await client.post(form, to: tokenPathV2)
            #expect(two.status == 200)
            #expect(two.json["expires_in"] as? Int == 3599)
            #expect(two.json["refresh_token"] == nil)
            let offline = form.merging(
                ["scope": "https://api.partner.microsoft.com/.default offline_access"],
                uniquingKeysWith: { $1 }
            )
            #expect(try await client.post(offline, to: tokenPathV2).json["refresh_token"] is String)
        }
    }

    @Test(arguments: [
        (["password": "wrong"], 50126, 400),
        (["username": "unknown@contoso.example"], 50126, 400),
        (["client_id": "00000000-0000-0000-0000-000000000001"], 700_016, 400),
        (["client_secret": "wrong"], 7_000_215, 401),
        (["resource": "https://graph.microsoft.com"], 500_011, 400),
        (["grant_type": "device_code"], 70003, 400),
        (["grant_type": "client_credentials"], 7_000_218, 401),
        (["grant_type": "refresh_token", "refresh_token": "made-up"], 70000, 400),
    ])
    func wrongSignInsAreRefused(changes: [String: String], code: Int, status: Int) async throws {
        try await withSandbox { sandbox, client async throws in
            let answer = try await client.post(passwordForm(changes), to: tokenPathV1)
            #expect(answer.status == status)
            #expect(answer.signInCode == code)
            #expect((answer.json["error_description"] as? String)?.hasPrefix("AADSTS\(code): ") == true)
            #expect(answer.json["correlation_id"] is String)
            #expect(sandbox.stats.signInsRefused == 1)
        }
    }

    @Test func unknownTenantsAndMissingParametersAreRefused() async throws {
        try await withSandbox { _, client async throws in
            let unknown = try await client.post(passwordForm(), to: "/nowhere.example/oauth2/token")
            #expect(unknown.signInCode == 90002)
            #expect(unknown.json["error"] as? String == "invalid_request")
            let missing = try await client.post(passwordForm(["password": nil]), to: tokenPathV1)
            #expect(missing.signInCode == 900_144)
            let noScope = try await client.post(passwordForm(["scope": "openid"]), to: tokenPathV2)
            #expect(noScope.signInCode == 70011)
        }
    }

    @Test(arguments: [
        PayoutSandbox.SignInError.multiFactorRequired, .multiFactorEnrolmentRequired, .accountLocked, .consentRequired,
    ])
    func accountWithARefusalCannotSignIn(error: PayoutSandbox.SignInError) async throws {
        var configuration = PayoutSandbox.Configuration.instant
        configuration.accounts[0].refusal = error
        try await withSandbox(configuration, signsIn: false) { sandbox, client async throws in
            let refused = try await client.post(passwordForm(), to: tokenPathV1)
            #expect(refused.status == 400)
            #expect(refused.signInCode == error.rawValue)
            sandbox.updateAccount("default") { $0.refusal = nil }
            #expect(try await client.post(passwordForm(), to: tokenPathV1).status == 200)
        }
    }

    @Test func refreshTokenFlowWorksForAccountsWithMultiFactorAuthentication() async throws {
        var configuration = PayoutSandbox.Configuration.instant
        configuration.accounts[0].refusal = .multiFactorRequired
        try await withSandbox(configuration, signsIn: false) { _, client async throws in
            #expect(try await client.post(refreshForm("sandbox-refresh-token"), to: tokenPathV2).status == 200)
        }
    }

    @Test func wrongPasswordsLockTheAccountAndEachTryProlongsIt() async throws {
        let clock = PayoutSandbox.ManualClock()
        var configuration = PayoutSandbox.Configuration.instant
        configuration.clock = clock
        configuration.accounts[0].lockoutThreshold = 2
        try await withSandbox(configuration) { _, client async throws in
            for _ in 0..<2 {
                #expect(try await client.post(passwordForm(["password": "no"]), to: tokenPathV1).signInCode == 50126)
            }
            #expect(try await client.post(passwordForm(), to: tokenPathV1).signInCode == 50053)
            clock.advance(by: .seconds(59))
            #expect(try await client.post(passwordForm(), to: tokenPathV1).signInCode == 50053)
            clock.advance(by: .seconds(59))
            #expect(try await client.post(passwordForm(), to: tokenPathV1).signInCode == 50053)
            clock.advance(by: .seconds(61))
            #expect(try await client.post(passwordForm(), to: tokenPathV1).status == 200)
        }
    }

    @Test func confidentialClientNeedsItsSecret() async throws {
        var configuration = PayoutSandbox.Configuration.instant
        configuration.accounts[0].allowsPublicClientFlows = false
        try await withSandbox(configuration, signsIn: false) { _, client async throws in
            let refused = try await client.post(passwordForm(), to: tokenPathV1)
            #expect(refused.status == 401)
            #expect(refused.signInCode == 7_000_218)
            let form = passwordForm(["client_secret": "sandbox-client-secret"])
            #expect(try await client.post(form, to: tokenPathV1).status == 200)
        }
    }

    @Test func clientCredentialsGiveATokenWithoutARefreshToken() async throws {
        var configuration = PayoutSandbox.Configuration.instant
        configuration.accounts[0].refusal = .multiFactorRequired
        try await withSandbox(configuration, signsIn: false) { _, client async throws in
            var client = client
            let form = passwordForm([
                "grant_type": "client_credentials", "username": nil, "password": nil, "resource": nil,
                "client_secret": "sandbox-client-secret", "scope": "https://api.partner.microsoft.com/.default",
            ])
            let answer = try await client.post(form, to: tokenPathV2)
            #expect(answer.status == 200)
            #expect(answer.json["refresh_token"] == nil)
            client.token = answer.json["access_token"] as? String ?? ""
            #expect(try await client.create().status == 202)
        }
    }

    @Test(arguments: [PayoutSandbox.TokenPolicy.Rotation.none, .keepsPrevious, .replacesPrevious])
    func refreshTokensRotateAsConfigured(rotation: PayoutSandbox.TokenPolicy.Rotation) async throws {
        var configuration = PayoutSandbox.Configuration.instant
        configuration.tokens.rotation = rotation
        try await withSandbox(configuration) { _, client async throws in
            let first = try await client.post(refreshForm("sandbox-refresh-token"), to: tokenPathV2)
            #expect(first.status == 200)
            let rotated = first.json["refresh_token"] as? String
            #expect((rotated != nil) == (rotation != .none))
            if let rotated {
                #expect(rotated != "sandbox-refresh-token")
                #expect(try await client.post(refreshForm(rotated), to: tokenPathV2).status == 200)
            }
            let again = try await client.post(refreshForm("sandbox-refresh-token"), to: tokenPathV2)
            #expect(again.status == (rotation == .replacesPrevious ? 400 : 200))
        }
    }

    @Test func tokensExpireAndCanBeRevoked() async throws {
        let clock = PayoutSandbox.ManualClock()
        var configuration = PayoutSandbox.Configuration.instant
        configuration.clock = clock
        configuration.tokens.lifetime = .seconds(600)
        configuration.tokens.refreshTokenLifetime = .seconds(3600)
        try await withSandbox(configuration) { sandbox, client async throws in
            var client = client
            clock.advance(by: .seconds(599))
            #expect(try await client.create().status == 202)
            clock.advance(by: .seconds(2))
            let refused = try await client.create()
            #expect(refused.status == 401)
            #expect(refused.errorCode == "unauthenticated")
            #expect(refused.headers.first(name: "WWW-Authenticate") == "Bearer")
            let answer = try await client.post(refreshForm("sandbox-refresh-token"), to: tokenPathV2)
            client.token = answer.json["access_token"] as? String ?? ""
            #expect(try await client.create().status == 202)
            sandbox.revokeTokens()
            #expect(try await client.create().status == 401)
            clock.advance(by: .seconds(3600))
            let expired = try await client.post(refreshForm("sandbox-refresh-token"), to: tokenPathV2)
            #expect(expired.signInCode == 700_082)
            sandbox.revokeTokens(includingRefreshTokens: true)
            let revoked = try await client.post(refreshForm("sandbox-refresh-token"), to: tokenPathV2)
            #expect(revoked.signInCode == 50173)
        }
    }

    @Test(arguments: ["", "Basic abc", "Bearer", "Bearer made-up"])
    func unknownBearerTokenIsRefused(value: String) async throws {
        try await withSandbox { _, client async throws in
            let answer = try await client.send(
                .POST,
                SandboxClient.payments,
                headers: value.isEmpty ? [:] : ["Authorization": value]
            )
            #expect(answer.status == 401)
            #expect(answer.errorCode == "unauthenticated")
        }
    }

    private func refreshForm(_ token: String) -> [String: String] {
        passwordForm([
            "grant_type": "refresh_token", "refresh_token": token, "username": nil, "password": nil, "resource": nil,
            "scope": "https://api.partner.microsoft.com/.default offline_access",
        ])
    }
}
