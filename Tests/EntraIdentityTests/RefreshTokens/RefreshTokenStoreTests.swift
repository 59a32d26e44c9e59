import Foundation
import HTTPStandIns
import Primitives
import Testing

@testable import EntraIdentity

extension RefreshTokenStore {
    /// Replaces the token that the files hold at present.
    func rotate(to token: String, from used: String, at now: Date) throws -> RefreshTokenNotSaved? {
        let read = try read()
        guard let candidate = read.candidates.first(where: { $0.token == used }) else { throw NothingThrown() }
        return rotate(to: token, from: candidate, of: read, at: now)
    }
}

/// Which refresh token the store offers first, and how a provider renews, keeps and replaces it.
@Suite struct RefreshTokenStoreTests {
    static let now = Date(timeIntervalSince1970: 1_800_000_000)

    static func store(_ configured: Secret, _ savedIn: String?) -> RefreshTokenStore {
        RefreshTokenStore(configured: configured, savedIn: savedIn, now: now)
    }

    /// Makes the file older than everything that a test issues, or newer.
    static func date(_ path: String, _ date: Date) throws {
        try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
    }

    static func write(_ text: String, _ path: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    @Test func savedTokenPrecedesTheConfiguredOneThatItReplaces() async throws {
        try await withTemporaryFolder { folder in
            let saved = folder + "/saved"
            let store = Self.store(Secret("rt-0"), saved)
            #expect(try store.rotate(to: "rt-1", from: "rt-0", at: Self.now) == nil)
            let candidates = try Self.store(Secret("rt-0"), saved).read().texts
            #expect(candidates == ["rt-1", "rt-0"])
        }
    }

    @Test func newerMountedTokenPrecedesAnOlderSavedOne() async throws {
        try await withTemporaryFolder { folder in
            let (mounted, saved) = (folder + "/mounted", folder + "/saved")
            try Self.write("rt-0", mounted)
            let store = Self.store(.file(mounted), saved)
            #expect(try store.rotate(to: "rt-1", from: "rt-0", at: Self.now) == nil)
            try Self.write("new-0", mounted)
            #expect(try store.read().texts == ["new-0", "rt-1"])
            // When the new token is replaced, its replacement precedes it, also after a restart.
            #expect(try store.rotate(to: "new-1", from: "new-0", at: Self.now) == nil)
            #expect(try Self.store(.file(mounted), saved).read().texts == ["new-1", "new-0"])
        }
    }

    @Test func tokenOfASignInIsUsedByARunningWorker() async throws {
        try await withTemporaryFolder { folder in
            let (mounted, saved) = (folder + "/mounted", folder + "/saved")
            try Self.write("rt-0", mounted)
            let store = Self.store(.file(mounted), saved)
            #expect(try store.rotate(to: "rt-1", from: "rt-0", at: Self.now) == nil)
            let file = RefreshTokenFile(path: saved)
            try await file.save(Secret("fresh"), inPlaceOf: .file(mounted), signedIn: Self.now)
            #expect(try store.read().texts == ["fresh", "rt-0"])
            #expect(try store.rotate(to: "fresh-1", from: "fresh", at: Self.now) == nil)
            #expect(store.status.signedIn == Self.now)
            // Without a configured token only the saved one is tried.
            #expect(try Self.store(Secret(""), saved).read().texts == ["fresh-1"])
        }
    }

    @Test func tokenThatCannotBeSavedIsKeptAndSavedLater() async throws {
        try await withTemporaryFolder { folder in
            let place = folder + "/later"
            let store = Self.store(Secret("rt-0"), place + "/saved")
            let failure = try #require(try store.rotate(to: "rt-1", from: "rt-0", at: Self.now))
            #expect(failure.description.contains("Create the folder"))
            #expect(try store.read().texts == ["rt-1", "rt-0"])
            #expect(store.status.notSaved != nil)
            #expect(store.save() != nil)
            #expect(store.status.saveFailures == 2)
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            #expect(store.save() == nil)
            #expect(store.status.notSaved == nil)
            #expect(try Self.store(Secret("rt-0"), place + "/saved").read().texts == ["rt-1", "rt-0"])
        }
    }

    @Test func newlyConfiguredTokenPrecedesAnUnsavedOne() async throws {
        try await withTemporaryFolder { folder in
            let mounted = folder + "/mounted"
            try Self.write("rt-0", mounted)
            let store = Self.store(.file(mounted), folder + "/absent/saved")
            #expect(try store.rotate(to: "rt-1", from: "rt-0", at: Self.now) != nil)
            try Self.write("new-0", mounted)
            #expect(try store.read().texts == ["new-0", "rt-1"])
        }
    }

    @Test func workersWithOneFileUseTheTokenWrittenLast() async throws {
        try await withTemporaryFolder { folder in
            let saved = folder + "/saved"
            let (one, two) = (Self.store(Secret("rt-0"), saved), Self.store(Secret("rt-0"), saved))
            #expect(try one.rotate(to: "a", from: "rt-0", at: Self.now) == nil)
            #expect(try two.rotate(to: "b", from: "rt-0", at: Self.now) == nil)
            let (first, second) = (try one.read().texts, try two.read().texts)
            #expect(first == ["b", "rt-0"])
            #expect(second == ["b", "rt-0"])
        }
    }

    @Test(arguments: ["", "{", "{}", #"{"refreshToken":""}"#, #"{"refreshToken":7}"#, "{\u{0}"])
    func damagedFileIsIgnored(content: String) async throws {
        try await withTemporaryFolder { folder in
            let saved = folder + "/saved"
            try Self.write(content, saved)
            #expect(try Self.store(Secret("rt-0"), saved).read().texts == ["rt-0"])
        }
    }

    @Test func timesOutsideTheCalendarAreIgnored() {
        let saved = SavedRefreshToken(#"{"refreshToken":"r","issued":-1e300,"signedIn":1e300}"#)
        #expect(saved == SavedRefreshToken(token: "r"))
    }

    @Test func fileDoesNotContainTheConfiguredToken() async throws {
        try await withTemporaryFolder { folder in
            let file = RefreshTokenFile(path: folder + "/saved")
            try await file.save(Secret("the-saved-one"), inPlaceOf: Secret("Pl4nted"), signedIn: Self.now)
            let text = try String(contentsOfFile: file.path, encoding: .utf8)
            #expect(text.contains("the-saved-one"))
            #expect(!text.contains(PlantedSecrets.trace))
            #expect(try RefreshTokenTests.permissions(file.path) == 0o600)
        }
    }

    // MARK: - The provider

    @Test func changedSecretsReplaceTheCachedToken() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/refresh"
            try Self.write("without", path)
            try await withStub({ request, _ in
                .answer(200, body: TokenStandIn.v2Answer("T-" + (TokenStandIn.form(request)["refresh_token"] ?? "")))
            }) { server, transport in
                let flow = EntraTokenProvider.Flow.refreshToken(.file(path), clientSecret: nil, savedIn: nil)
                let provider = try TokenStandIn.provider(server, transport, flow: flow)
                #expect(try await provider.token().value == "T-without")
                try Self.write("with-mfa", path)
                // The cached token is valid for an hour: a new sign-in takes effect at once.
                #expect(try await provider.token().value == "T-without")
                provider.credentialsChanged()
                #expect(try await provider.token().value == "T-with-mfa")
            }
        }
    }

    @Test func idleProviderUsesItsRefreshTokenInTime() async throws {
        let clock = TestClock()
        try await withStub({ _, _ in .answer(200, body: TokenStandIn.v2Answer("T")) }) { server, transport in
            let flow = EntraTokenProvider.Flow.refreshToken(Secret("rt-0"), clientSecret: nil, savedIn: nil)
            let provider = try TokenStandIn.provider(server, transport, flow: flow, clock: clock)
            for _ in 0..<91 {
                clock.advance(by: .seconds(86_400))
                await provider.keepRefreshToken(unusedAtMost: .seconds(86_400))
                let unused = clock.now().timeIntervalSince(try #require(provider.refreshTokenStatus).lastUsed)
                #expect(unused < 86_400)
            }
            #expect(server.requests.count == 91)
        }
    }

    @Test func nextRefreshTokenIsTriedWhenOneLacksMFA() async throws {
        try await withTemporaryFolder { folder in
            let saved = folder + "/saved"
            try Self.write("old", saved)
            try await withStub({ request, _ in
                TokenStandIn.form(request)["refresh_token"] == "new"
                    ? .answer(200, body: TokenStandIn.v2Answer("T")) : TokenStandIn.refusal(50076)
            }) { server, transport in
                let flow = EntraTokenProvider.Flow.refreshToken(Secret("new"), clientSecret: nil, savedIn: saved)
                let token = try await TokenStandIn.provider(server, transport, flow: flow).token()
                #expect(token.value == "T")
            }
        }
    }
}
