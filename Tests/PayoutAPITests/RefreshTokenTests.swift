import Foundation
import Testing

@testable import PayoutAPI

@Suite struct RefreshTokenTests {
    typealias Base = TokenProviderTests

    /// Accepts one refresh token and hands out the next: `rt-0`, `rt-1` …
    static func rotating(_ request: StubRequest, _ index: Int) -> StubReply {
        guard Base.form(request)["refresh_token"] == "rt-\(index)" else { return Base.refusal(700_082) }
        return .answer(
            200,
            body: #"{"expires_in":3599,"access_token":"T\#(index)","refresh_token":"rt-\#(index + 1)"}"#
        )
    }

    static func permissions(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0
    }

    /// Fetches a fresh token by invalidating the one at hand.
    static func nextToken(_ provider: AzureADTokenProvider) async throws -> String {
        let token = try await provider.token()
        await provider.invalidate(token)
        return token.value
    }

    @Test func aRotatedTokenIsUsedFromThenOn() async throws {
        try await withStub(Self.rotating) { server, transport in
            let flow = AzureADTokenProvider.Flow.refreshToken(Secret("rt-0"), clientSecret: nil, savedIn: nil)
            let provider = try Base.provider(server, transport, flow: flow)
            for index in 0..<3 { #expect(try await Self.nextToken(provider) == "T\(index)") }
        }
    }

    @Test func aRotatedTokenIsWrittenToItsOwnFile() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/refresh"
            try "rt-0\n".write(toFile: path, atomically: true, encoding: .utf8)
            try await withStub(Self.rotating) { server, transport in
                let flow = AzureADTokenProvider.Flow.refreshToken(.file(path), clientSecret: nil, savedIn: nil)
                let provider = try Base.provider(server, transport, flow: flow)
                #expect(try await Self.nextToken(provider) == "T0")
                #expect(try String(contentsOfFile: path, encoding: .utf8) == "rt-1")
                #expect(try Self.permissions(path) == 0o600)
                #expect(try await Self.nextToken(provider) == "T1")
                // Nothing is left beside it.
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["refresh"])
                // A process that starts anew goes on with it.
                let next = try Base.provider(server, transport, flow: flow)
                #expect(try await Self.nextToken(next) == "T2")
            }
        }
    }

    @Test func aRotatedTokenIsWrittenWhereTheConfigurationSays() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/saved"
            try await withStub(Self.rotating) { server, transport in
                let flow = AzureADTokenProvider.Flow.refreshToken(Secret("rt-0"), clientSecret: nil, savedIn: path)
                let provider = try Base.provider(server, transport, flow: flow)
                #expect(try await Self.nextToken(provider) == "T0")
                #expect(try String(contentsOfFile: path, encoding: .utf8) == "rt-1")
                #expect(try Self.permissions(path) == 0o600)
                let next = try Base.provider(server, transport, flow: flow)
                #expect(try await Self.nextToken(next) == "T1")
            }
        }
    }

    @Test func aLinkToTheFileStays() async throws {
        try await withTemporaryFolder { folder in
            let target = folder + "/target"
            let link = folder + "/link"
            try "rt-0".write(toFile: target, atomically: true, encoding: .utf8)
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
            try await withStub(Self.rotating) { server, transport in
                let flow = AzureADTokenProvider.Flow.refreshToken(.file(link), clientSecret: nil, savedIn: nil)
                _ = try await Self.nextToken(try Base.provider(server, transport, flow: flow))
                #expect(try String(contentsOfFile: target, encoding: .utf8) == "rt-1")
                #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == target)
            }
        }
    }

    @Test func aTokenThatCannotBeSavedIsUsedAllTheSame() async throws {
        let log = LogCapture()
        try await withStub(Self.rotating) { server, transport in
            let flow = AzureADTokenProvider.Flow.refreshToken(
                Secret("rt-0"),
                clientSecret: nil,
                savedIn: "/nonexistent/folder/token"
            )
            let provider = try Base.provider(server, transport, flow: flow, log: log)
            for index in 0..<3 { #expect(try await Self.nextToken(provider) == "T\(index)") }
            #expect(log.text.contains("could not be saved"))
            #expect(!log.text.contains("rt-"))
        }
    }

    @Test func anOperatorsNewTokenWins() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/refresh"
            try "rt-0".write(toFile: path, atomically: true, encoding: .utf8)
            try await withStub({ request, index in
                .answer(
                    200,
                    body:
                        #"{"access_token":"\#(Base.form(request)["refresh_token"] ?? "")","expires_in":3599,"refresh_token":"rotated-\#(index)"}"#
                )
            }) { server, transport in
                let flow = AzureADTokenProvider.Flow.refreshToken(.file(path), clientSecret: nil, savedIn: nil)
                let provider = try Base.provider(server, transport, flow: flow)
                #expect(try await Self.nextToken(provider) == "rt-0")
                try "by hand".write(toFile: path, atomically: true, encoding: .utf8)
                #expect(try await Self.nextToken(provider) == "by hand")
                #expect(try await Self.nextToken(provider) == "rotated-1")
            }
        }
    }

    @Test func anOldSavedTokenGivesWayToTheConfiguredOne() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/saved"
            try "stale".write(toFile: path, atomically: true, encoding: .utf8)
            try await withStub({ request, _ in
                Base.form(request)["refresh_token"] == "fresh"
                    ? .answer(200, body: Base.v2Answer("T")) : Base.refusal(700_082)
            }) { server, transport in
                let flow = AzureADTokenProvider.Flow.refreshToken(Secret("fresh"), clientSecret: nil, savedIn: path)
                let provider = try Base.provider(server, transport, flow: flow)
                #expect(try await provider.token().value == "T")
                #expect(server.requests.count == 2)
            }
        }
    }

    @Test func anExpiredTokenIsSaidToBeSo() async throws {
        try await withStub({ _, _ in Base.refusal(700_082) }) { server, transport in
            let flow = AzureADTokenProvider.Flow.refreshToken(Secret("old"), clientSecret: nil, savedIn: nil)
            let provider = try Base.provider(server, transport, flow: flow)
            let error = try await failure(of: AuthenticationFailure.self) { try await provider.token() }
            #expect(error.reason == .refreshTokenExpired)
            #expect(server.requests.count == 1)
        }
    }
}
