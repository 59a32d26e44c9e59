import Foundation
import Primitives
import Testing

@testable import EntraIdentity

/// The claims of a token, and the problems that they reveal.
@Suite struct TokenClaimsTests {
    static func token(_ payload: String) -> String {
        let header = Base64URL.encoded(Array(#"{"alg":"RS256","typ":"JWT"}"#.utf8))
        return "\(header).\(Base64URL.encoded(Array(payload.utf8))).c2lnbmF0dXJl"
    }

    static func claims(_ payload: String) throws -> TokenClaims { try #require(TokenClaims(token: token(payload))) }

    @Test func everyClaimIsRead() throws {
        let claims = try Self.claims(
            """
            {"aud":"https://api.partner.microsoft.com","amr":["pwd","mfa"],"scp":"user_impersonation other",
             "tid":"7d1f2c3e-5a64-4b0e-9c58-2f0f1a6b7c8d","upn":"ann@contoso.example","exp":1800003599,"iat":1800000000,
             "auth_time":1799990000,"appid":"c0ffee00-1c6b-4a52-8d0f-6f3a9e1b2d4c"}
            """
        )
        #expect(claims.audiences == ["https://api.partner.microsoft.com"])
        #expect(claims.authenticationMethods == ["pwd", "mfa"])
        #expect(claims.hasMFA == true)
        #expect(claims.scopes == ["user_impersonation", "other"])
        #expect(claims.tenantID == "7d1f2c3e-5a64-4b0e-9c58-2f0f1a6b7c8d")
        #expect(claims.userName == "ann@contoso.example")
        #expect(claims.expires == Date(timeIntervalSince1970: 1_800_003_599))
        #expect(claims.signedIn == Date(timeIntervalSince1970: 1_799_990_000))
        #expect(!claims.isApplicationOnly)
    }

    @Test func mfaIsUnknownWithoutAuthenticationMethods() throws {
        #expect(try Self.claims(#"{"aud":"x","scp":"y"}"#).hasMFA == nil)
        #expect(try Self.claims(#"{"aud":"x","scp":"y","amr":["pwd"]}"#).hasMFA == false)
        #expect(try Self.claims(#"{"aud":"x","scp":"y","amr":"MFA"}"#).hasMFA == true)
    }

    @Test(arguments: [
        "", "opaque", "a.b", "a.b.c.d", "..", "x.!!!.z", "x.e30.z.", "x.W10.z", "x.bnVsbA.z",
        "x.\(Base64URL.encoded(Array(#"{"aud":"cut"#.utf8))).z",
        "x.\(String(repeating: "A", count: 80_000)).z",
        "x.\(Base64URL.encoded(Array(String(repeating: "[", count: 40_000).utf8))).z",
    ])
    func unreadableTokenHasNoClaims(token: String) {
        #expect(TokenClaims(token: token) == nil)
    }

    @Test func oversizedClaimsAreBounded() throws {
        let long = String(repeating: "x", count: 20_000)
        let many = (0..<1_000).map { "\"m\($0)\"" }.joined(separator: ",")
        let claims = try Self.claims(
            #"{"upn":"\#u{1B}[31m\#(long)","amr":[\#(many)],"aud":[1,{},null,[["a"]],"\\u0000\\u0007\\n"],"exp":1e300,"#
                + #""iat":-5,"auth_time":"nan","tid":{"a":1},"roles":7,"scp":null}"#
        )
        #expect(claims.userName.map { $0.count <= 257 && !$0.contains("\u{1B}") } == true)
        #expect(claims.authenticationMethods?.count == 64)
        #expect(claims.audiences.count <= 64)
        #expect(claims.expires == nil)
        #expect(claims.issued == nil)
        #expect(claims.signedIn == nil)
        #expect(claims.tenantID == nil)
    }

    // MARK: - What keeps a token from working

    private static let tenant = "7d1f2c3e-5a64-4b0e-9c58-2f0f1a6b7c8d"
    private static let good =
        #""aud":"https://api.partner.microsoft.com/","scp":"user_impersonation","amr":["mfa"],"tid":"\#(tenant)","iat":1800000000"#

    private func problems(_ payload: String, tenant: String = Self.tenant, late: Double = 300) throws -> [TokenProblem]
    {
        try Self.claims("{\(payload)}").problems(
            resource: "https://api.partner.microsoft.com",
            tenantID: tenant,
            now: Date(timeIntervalSince1970: 1_800_000_000 + late),
            isNew: true
        )
    }

    @Test func validTokenHasNoProblem() throws {
        #expect(try problems(Self.good) == [])
        #expect(try problems(Self.good, tenant: "contoso.example") == [])
        #expect(
            try problems(Self.good.replacing("https://api.partner.microsoft.com/", with: TokenClaims.partnerAPI)) == []
        )
        #expect(
            try problems(Self.good.replacing(#""scp":"user_impersonation","amr":["mfa"]"#, with: #""roles":["x"]"#))
                == []
        )
    }

    @Test func everyProblemOfATokenIsReported() throws {
        let other = "https://api.partnercenter.microsoft.com"
        #expect(
            try problems(Self.good.replacing("https://api.partner.microsoft.com/", with: other))
                == [.wrongAudience([other])]
        )
        #expect(try problems(Self.good.replacing(#"["mfa"]"#, with: #"["pwd"]"#)) == [.noMFA])
        #expect(try problems(Self.good, tenant: "00000000-0000-4000-8000-000000000000") == [.wrongTenant(Self.tenant)])
        #expect(try problems(Self.good.replacing("user_impersonation", with: "")) == [.noPermission])
        #expect(try problems(Self.good, late: -3_600) == [.clockOff(.seconds(-3_600))])
        #expect(try problems(Self.good, late: 3_900) == [.clockOff(.seconds(3_900))])
    }
}
