import Foundation
import HTTPStandIns
import Primitives
import Testing
import TestSupport

@testable import EntraIdentity

/// A provider saves rotated refresh tokens and uses the newest one.
@Suite struct RefreshTokenTests {

    /// Accepts each refresh token once, and issues the next one: `rt-0`, `rt-1` …
    static func rotating(_ request: StubRequest, _ index: Int) -> StubReply {
        guard TokenStandIn.form(request)["refresh_token"] == "rt-\(index)" else { return TokenStandIn.refusal(700_082) }
        return .answer(
            200,
            body: #"{"expires_in":3599,"access_token":"T\#(index)","refresh_token":"rt-\#(index + 1)"}"#
        )
    }

    static func permissions(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0
    }

    /// Invalidates the cached token and fetches a new one.
    static func nextToken(_ provider: EntraTokenProvider) async throws -> String {
        let token = try await provider.token()
        await provider.invalidate(token)
        return token.value
    }

    @Test func rotatedTokenIsUsedNext() async throws {
        try await withStub(Self.rotating) { server, transport in
            let flow = EntraTokenProvider.Flow.refreshToken(Secret("rt-0"), clientSecret: nil, savedIn: nil)
            let provider = try TokenStandIn.provider(server, transport, flow: flow)
            for index in 0..<3 { #expect(try await Self.nextToken(provider) == "T\(index)") }
        }
    }

    @Test func rotatedTokenIsWrittenToItsOwnFile() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/refresh"
            try "rt-0\n".write(toFile: path, atomically: true, encoding: .utf8)
            try await withStub(Self.rotating) { server, transport in
                let flow = EntraTokenProvider.Flow.refreshToken(.file(path), clientSecret: nil, savedIn: nil)
                let provider = try TokenStandIn.provider(server, transport, flow: flow)
                #expect(try await Self.nextToken(provider) == "T0")
                #expect(try String(contentsOfFile: path, encoding: .utf8) == "rt-1")
                #expect(try Self.permissions(path) == 0o600)
                #expect(try await Self.nextToken(provider) == "T1")
                // Nothing is left beside it.
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["refresh"])
                // A new process continues with it.
                let next = try TokenStandIn.provider(server, transport, flow: flow)
                #expect(try await Self.nextToken(next) == "T2")
            }
        }
    }

    @Test func rotatedTokenIsWrittenToTheConfiguredFile() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/saved"
            try await withStub(Self.rotating) { server, transport in
                let flow = EntraTokenProvider.Flow.refreshToken(Secret("rt-0"), clientSecret: nil, savedIn: path)
                let provider = try TokenStandIn.provider(server, transport, flow: flow)
                #expect(try await Self.nextToken(provider) == "T0")
                let saved = try #require(SavedRefreshToken(String(contentsOfFile: path, encoding: .utf8)))
                #expect(saved.token == "rt-1")
                #expect(saved.basis == SavedRefreshToken.digest(of: "rt-0"))
                #expect(try Self.permissions(path) == 0o600)
                let next = try TokenStandIn.provider(server, transport, flow: flow)
                #expect(try await Self.nextToken(next) == "T1")
            }
        }
    }

    @Test func linkToTheFileStays() async throws {
        try await withTemporaryFolder { folder in
            let target = folder + "/target"
            let link = folder + "/link"
            try "rt-0".write(toFile: target, atomically: true, encoding: .utf8)
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
            try await withStub(Self.rotating) { server, transport in
                let flow = EntraTokenProvider.Flow.refreshToken(.file(link), clientSecret: nil, savedIn: nil)
                _ = try await Self.nextToken(try TokenStandIn.provider(server, transport, flow: flow))
                #expect(try String(contentsOfFile: target, encoding: .utf8) == "rt-1")
                #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == target)
            }
        }
    }

    @Test func tokenThatCannotBeSavedIsUsed() async throws {
        let log = LogCapture()
        try await withStub(Self.rotating) { server, transport in
            let flow = EntraTokenProvider.Flow.refreshToken(
                Secret("rt-0"),
                clientSecret: nil,
                savedIn: "/nonexistent/folder/token"
            )
            let provider = try TokenStandIn.provider(server, transport, flow: flow, log: log)
            for index in 0..<3 { #expect(try await Self.nextToken(provider) == "T\(index)") }
            #expect(log.text.contains("could not be saved"))
            #expect(!log.text.contains("rt-"))
        }
    }

    @Test func tokenReplacedByAnOperatorIsUsed() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/refresh"
            try "rt-0".write(toFile: path, atomically: true, encoding: .utf8)
            try await withStub({ request, index in
                .answer(
                    200,
                    body:
                        #"{"access_token":"\#(TokenStandIn.form(request)["refresh_token"] ?? "")","expires_in":3599,"refresh_token":"rotated-\#(index)"}"#
                )
            }) { server, transport in
                let flow = EntraTokenProvider.Flow.refreshToken(.file(path), clientSecret: nil, savedIn: nil)
                let provider = try TokenStandIn.provider(server, transport, flow: flow)
                #expect(try await Self.nextToken(provider) == "rt-0")
                try "by hand".write(toFile: path, atomically: true, encoding: .utf8)
                #expect(try await Self.nextToken(provider) == "by hand")
                #expect(try await Self.nextToken(provider) == "rotated-1")
            }
        }
    }

    @Test func configuredTokenIsUsedInPlaceOfAnOlderSavedOne() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/saved"
            try "stale".write(toFile: path, atomically: true, encoding: .utf8)
            try await withStub({ request, _ in
                TokenStandIn.form(request)["refresh_token"] == "fresh"
                    ? .answer(200, body: TokenStandIn.v2Answer("T")) : TokenStandIn.refusal(700_082)
            }) { server, transport in
                let flow = EntraTokenProvider.Flow.refreshToken(Secret("fresh"), clientSecret: nil, savedIn: path)
                let provider = try TokenStandIn.provider(server, transport, flow: flow)
                #expect(try await provider.token().value == "T")
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test func expiredTokenIsReported() async throws {
        try await withStub({ _, _ in TokenStandIn.refusal(700_082) }) { server, transport in
            let flow = EntraTokenProvider.Flow.refreshToken(Secret("old"), clientSecret: nil, savedIn: nil)
            let provider = try TokenStandIn.provider(server, transport, flow: flow)
            let error = try await failure(of: AuthenticationFailure.self) { try await provider.token() }
            #expect(error.reason == .refreshTokenExpired)
            #expect(server.requests.count == 1)
        }
    }
}
