import Crypto
import Foundation
import NIOHTTP1
import PayoutSandbox
import Testing

@Suite struct SignInTests {
    static let account = PayoutSandbox.Account()
    static let scope = "https://api.partner.microsoft.com/.default offline_access openid"
    static let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    static let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    static let redirect = "http://localhost:51234"

    static func authorize(_ changes: [String: String?] = [:]) -> String {
        var fields: [String: String?] = [
            "client_id": account.clientID, "response_type": "code", "redirect_uri": redirect, "scope": scope,
            "state": "st", "nonce": "no", "code_challenge": challenge, "code_challenge_method": "S256",
        ]
        fields.merge(changes) { $1 }
        let query = fields.compactMap { name, value in value.map { "\(name)=\(encoded($0))" } }.joined(separator: "&")
        return "/\(account.tenantID)/oauth2/v2.0/authorize?\(query)"
    }

    static func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }

    static func redemption(_ code: String, _ changes: [String: String?] = [:]) -> [String: String] {
        var form: [String: String?] = [
            "client_id": account.clientID, "grant_type": "authorization_code", "code": code, "redirect_uri": redirect,
            "code_verifier": verifier, "scope": scope,
        ]
        form.merge(changes) { $1 }
        return form.compactMapValues { $0 }
    }

    /// The fields of the redirect that ends a sign-in.
    static func fields(_ answer: Answer) -> [String: String] {
        guard let location = answer.headers.first(name: "location"), let url = URLComponents(string: location) else {
            return [:]
        }
        return (url.queryItems ?? []).reduce(into: [:]) { $0[$1.name] = $1.value ?? "" }
    }

    static func claims(_ answer: Answer, _ member: String = "access_token") throws -> [String: Any] {
        let token = try #require(answer.json[member] as? String)
        var payload = String(token.split(separator: ".")[1]).replacing("-", with: "+").replacing("_", with: "/")
        while payload.count % 4 != 0 { payload += "=" }
        let data = try #require(Data(base64Encoded: payload))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test func codeIsRedeemedOnceByItsClient() async throws {
        try await withSandbox { _, client async throws in
            let back = try await client.send(.GET, Self.authorize())
            #expect(back.status == 302)
            #expect(back.headers.first(name: "location")?.hasPrefix(Self.redirect + "/?") == true)
            let fields = Self.fields(back)
            #expect(fields["state"] == "st")
            let code = try #require(fields["code"])
            let answer = try await client.post(Self.redemption(code), to: tokenPathV2)
            #expect(answer.status == 200)
            let claims = try Self.claims(answer)
            #expect(claims["aud"] as? String == "https://api.partner.microsoft.com")
            #expect(claims["amr"] as? [String] == ["pwd", "mfa"])
            #expect(claims["scp"] as? String == "user_impersonation")
            #expect(claims["tid"] as? String == Self.account.tenantID)
            #expect(claims["upn"] as? String == Self.account.username)
            #expect(try Self.claims(answer, "id_token")["nonce"] as? String == "no")
            #expect(answer.json["refresh_token"] is String)
            #expect(try await client.post(Self.redemption(code), to: tokenPathV2).signInCode == 54005)
        }
    }

    @Test(
        arguments: [
            (["code_verifier": "other"], 50148), (["redirect_uri": "http://localhost:1"], 50011),
            (["code_verifier": nil], 900_144), (["client_id": "00000000-0000-0000-0000-000000000001"], 700_016),
        ] as [([String: String?], Int)]
    )
    func codeWithoutItsProofIsRefused(changes: [String: String?], code: Int) async throws {
        try await withSandbox { _, client async throws in
            let issued = Self.fields(try await client.send(.GET, Self.authorize()))["code"] ?? ""
            #expect(try await client.post(Self.redemption(issued, changes), to: tokenPathV2).signInCode == code)
        }
    }

    @Test func unregisteredRedirectIsRefused() async throws {
        try await withSandbox { _, client async throws in
            for uri in [
                "http://evil.example/", "http://localhost.evil.example:1", "http://localhost:x", "http://127.0.0.1:1",
            ] {
                let answer = try await client.send(.GET, Self.authorize(["redirect_uri": uri]))
                #expect(answer.status == 400)
                #expect(answer.text.contains("AADSTS50011"))
                #expect(answer.headers.first(name: "location") == nil)
            }
        }
    }

    @Test func personCanDeclineOrBeAsked() async throws {
        try await withSandbox { sandbox, client async throws in
            sandbox.updateSignIn { $0.person = .declines }
            #expect(Self.fields(try await client.send(.GET, Self.authorize()))["error"] == "access_denied")
            sandbox.updateSignIn { $0.person = .asks }
            let asked = try await client.send(.GET, Self.authorize())
            #expect(asked.status == 200)
            #expect(asked.text.contains("id=\"approve\""))
            #expect(Self.fields(try await client.send(.GET, Self.authorize() + "&answer=approve"))["code"] != nil)
            #expect(Self.fields(try await client.send(.GET, Self.authorize() + "&answer=decline"))["error"] != nil)
        }
    }

    @Test func codesExpire() async throws {
        let clock = PayoutSandbox.ManualClock()
        var configuration = PayoutSandbox.Configuration.instant
        configuration.clock = clock
        try await withSandbox(configuration) { _, client async throws in
            let code = Self.fields(try await client.send(.GET, Self.authorize()))["code"] ?? ""
            clock.advance(by: .seconds(901))
            #expect(try await client.post(Self.redemption(code), to: tokenPathV2).signInCode == 70008)
        }
    }

    // MARK: - Device codes

    static let deviceForm = ["client_id": account.clientID, "scope": scope]
    static let devicePath = "/\(account.tenantID)/oauth2/v2.0/devicecode"

    static func poll(_ code: String) -> [String: String] {
        [
            "client_id": account.clientID, "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
            "device_code": code,
        ]
    }

    @Test func deviceCodeWaitsForItsPersonAndSlowsEarlyPolls() async throws {
        let clock = PayoutSandbox.ManualClock()
        var configuration = PayoutSandbox.Configuration.instant
        configuration.clock = clock
        configuration.signIn.person = .asks
        try await withSandbox(configuration) { _, client async throws in
            let answer = try await client.post(Self.deviceForm, to: Self.devicePath)
            let code = try #require(answer.json["device_code"] as? String)
            let user = try #require(answer.json["user_code"] as? String)
            #expect(answer.json["interval"] as? Int == 5)
            #expect((answer.json["verification_uri"] as? String)?.hasSuffix("/devicecode") == true)
            let form = Self.poll(code)
            #expect(try await client.post(form, to: tokenPathV2).json["error"] as? String == "authorization_pending")
            #expect(try await client.post(form, to: tokenPathV2).json["error"] as? String == "slow_down")
            clock.advance(by: .seconds(5))
            #expect(try await client.post(form, to: tokenPathV2).json["error"] as? String == "authorization_pending")
            #expect(try await client.send(.GET, "/devicecode?user_code=nope&answer=approve").status == 404)
            #expect(try await client.send(.GET, "/devicecode?user_code=\(user)&answer=approve").status == 200)
            clock.advance(by: .seconds(5))
            let tokens = try await client.post(form, to: tokenPathV2)
            #expect(tokens.status == 200)
            #expect(tokens.json["refresh_token"] is String)
            #expect(try await client.post(form, to: tokenPathV2).json["error"] as? String == "bad_verification_code")
        }
    }

    @Test func deviceCodeIsDeclinedExpiresOrIsBlocked() async throws {
        let clock = PayoutSandbox.ManualClock()
        var configuration = PayoutSandbox.Configuration.instant
        configuration.clock = clock
        try await withSandbox(configuration) { sandbox, client async throws in
            func newCode() async throws -> String {
                try await client.post(Self.deviceForm, to: Self.devicePath).json["device_code"] as? String ?? ""
            }
            sandbox.updateSignIn { $0.person = .declines }
            let declined = try await client.post(Self.poll(newCode()), to: tokenPathV2)
            #expect(declined.json["error"] as? String == "authorization_declined")
            let old = try await newCode()
            clock.advance(by: .seconds(901))
            #expect(try await client.post(Self.poll(old), to: tokenPathV2).json["error"] as? String == "expired_token")
            sandbox.updateSignIn { $0.person = .isBlockedByPolicy }
            #expect(try await client.post(Self.deviceForm, to: Self.devicePath).signInCode == 53003)
        }
    }

    // MARK: - Multi-factor authentication and lifetimes of tokens

    @Test(arguments: PayoutSandbox.MFAEnforcement.Body.allCases)
    func enforcementRefusesTokensWithoutMFA(body: PayoutSandbox.MFAEnforcement.Body) async throws {
        try await withSandbox { sandbox, client async throws in
            // The client has signed in by password.
            #expect(try await client.create().status == 202)
            sandbox.updateMFA {
                $0.enforcement = .on
                $0.body = body
            }
            let refused = try await client.create()
            #expect(refused.status == 401)
            #expect(refused.text.contains("900421"))
            #expect(sandbox.stats.mfaRefused == 1)
            var other = client
            let form = passwordForm([
                "grant_type": "refresh_token", "refresh_token": "sandbox-refresh-token", "username": nil,
                "password": nil, "resource": nil, "scope": "https://api.partner.microsoft.com/.default",
            ])
            other.token = try await client.post(form, to: tokenPathV2).json["access_token"] as? String ?? ""
            #expect(try await other.create().status == 202)
        }
    }

    @Test func enforcementForAShareRefusesSomeCallsOfOneToken() async throws {
        var configuration = PayoutSandbox.Configuration.instant
        configuration.seed = 5
        configuration.mfa.enforcement = .share(0.5)
        try await withSandbox(configuration) { _, client async throws in
            var statuses: Set<Int> = []
            for _ in 0..<40 { statuses.insert(Int(try await client.create().status)) }
            #expect(statuses == [202, 401])
        }
    }

    @Test func tokenForAnotherAPIIsRefusedWithItsOwnBody() async throws {
        var configuration = PayoutSandbox.Configuration.instant
        configuration.tokens.audience = "https://api.partnercenter.microsoft.com"
        try await withSandbox(configuration) { _, client async throws in
            let refused = try await client.create()
            #expect(refused.status == 401)
            #expect(refused.json["statusCode"] as? Int == 401)
            #expect((refused.json["message"] as? String)?.contains("audience") == true)
        }
    }

    @Test func refreshTokenExpiresNinetyDaysAfterItsLastUse() async throws {
        let clock = PayoutSandbox.ManualClock()
        var configuration = PayoutSandbox.Configuration.instant
        configuration.clock = clock
        let form = passwordForm([
            "grant_type": "refresh_token", "refresh_token": "sandbox-refresh-token", "username": nil, "password": nil,
            "resource": nil, "scope": "https://api.partner.microsoft.com/.default",
        ])
        try await withSandbox(configuration) { _, client async throws in
            for _ in 0..<3 {
                clock.advance(by: .seconds(89 * 86_400))
                #expect(try await client.post(form, to: tokenPathV2).status == 200)
            }
            clock.advance(by: .seconds(91 * 86_400))
            #expect(try await client.post(form, to: tokenPathV2).signInCode == 700_082)
        }
    }
}
