import Foundation
import HTTPStandIns
import Primitives
import Testing
import TestSupport

@testable import EntraIdentity

/// Which refresh token is used when several are present, and which age and problems are reported.
@Suite struct NewestTokenTests {
    typealias Store = RefreshTokenStoreTests

    static let now = Store.now

    // MARK: - The store

    @Test func newerMountedTokenPrecedesASavedOneOfUnknownOrigin() async throws {
        try await withTemporaryFolder { folder in
            let (mounted, saved) = (folder + "/mounted", folder + "/saved")
            // Signed in before there was a mounted secret.
            try await RefreshTokenFile(path: saved).save(Secret("saved"), inPlaceOf: nil, signedIn: Self.now)
            try Store.write("mounted", mounted)
            try Store.date(mounted, Self.now.addingTimeInterval(60))
            #expect(try Store.store(.file(mounted), saved).read().texts == ["mounted", "saved"])
            try Store.date(mounted, Self.now.addingTimeInterval(-60))
            let store = Store.store(.file(mounted), saved)
            #expect(try store.read().texts == ["saved", "mounted"])
            // The new token replaces this mounted one, also when the secret is mounted again.
            #expect(try store.rotate(to: "next", from: "saved", at: Self.now) == nil)
            try Store.date(mounted, Self.now.addingTimeInterval(3600))
            #expect(try Store.store(.file(mounted), saved).read().texts == ["next", "mounted"])
            try Store.write("newer", mounted)
            #expect(try store.read().texts == ["newer", "next"])
        }
    }

    @Test func configuredValuePrecedesATokenSavedBeforeTheStart() async throws {
        try await withTemporaryFolder { folder in
            let file = RefreshTokenFile(path: folder + "/saved")
            try await file.save(Secret("old"), inPlaceOf: nil, signedIn: Self.now.addingTimeInterval(-60))
            let store = Store.store(Secret("value"), file.path)
            #expect(try store.read().texts == ["value", "old"])
            try await file.save(Secret("new"), inPlaceOf: nil, signedIn: Self.now.addingTimeInterval(60))
            #expect(try store.read().texts == ["new", "value"])
        }
    }

    @Test func rotationRecordsTheBasisOfTheUsedToken() async throws {
        try await withTemporaryFolder { folder in
            let saved = folder + "/saved"
            let before = SavedRefreshToken(token: "rt-1", basis: SavedRefreshToken.digest(of: "rt-0"))
            try Store.write(before.text, saved)
            let store = Store.store(Secret("new-0"), saved)
            #expect(try store.read().texts == ["new-0", "rt-1"])
            // The new token was refused, and the old one accepted.
            #expect(try store.rotate(to: "rt-2", from: "rt-1", at: Self.now) == nil)
            #expect(try store.read().texts == ["new-0", "rt-2"])
            #expect(try Store.store(Secret("rt-0"), saved).read().texts == ["rt-2", "rt-0"])
        }
    }

    @Test func tokenMountedDuringARefreshIsUsedNext() async throws {
        try await withTemporaryFolder { folder in
            let (mounted, saved) = (folder + "/mounted", folder + "/saved")
            try Store.write("rt-0", mounted)
            let store = Store.store(.file(mounted), saved)
            let read = try store.read()
            try Store.write("new-0", mounted)
            #expect(store.rotate(to: "rt-1", from: try #require(read.candidates.first), of: read, at: Self.now) == nil)
            #expect(try store.read().texts == ["new-0", "rt-1"])
        }
    }

    @Test func signInDuringARefreshIsNotOverwritten() async throws {
        try await withTemporaryFolder { folder in
            let file = RefreshTokenFile(path: folder + "/saved")
            let store = Store.store(Secret("rt-0"), file.path)
            let read = try store.read()
            try await file.save(Secret("fresh"), inPlaceOf: Secret("rt-0"), signedIn: Self.now)
            #expect(store.rotate(to: "rt-1", from: try #require(read.candidates.first), of: read, at: Self.now) == nil)
            #expect(try store.read().texts == ["fresh", "rt-0"])
            #expect(store.status.notSaved == nil)
        }
    }

    @Test func unusableSavedFileIsReported() async throws {
        try await withTemporaryFolder { folder in
            let saved = folder + "/saved"
            let store = Store.store(Secret("rt-0"), saved)
            _ = try store.read()
            #expect(store.status.savedUnusable == nil)
            try Store.write("{\"refreshToken\":", saved)
            #expect(try store.read().texts == ["rt-0"])
            #expect(store.status.savedUnusable?.description.contains("is corrupt") == true)
            #expect(try store.rotate(to: "rt-1", from: "rt-0", at: Self.now) == nil)
            #expect(store.status.savedUnusable == nil)
            try FileManager.default.removeItem(atPath: saved)
            // The path is a folder, which cannot be read as a file.
            try FileManager.default.createDirectory(atPath: saved, withIntermediateDirectories: true)
            _ = try store.read()
            #expect(store.status.savedUnusable?.description.contains("cannot be read") == true)
            // The file may hold a sign-in: it is not overwritten, and that is reported.
            #expect(try store.rotate(to: "rt-2", from: "rt-0", at: Self.now)?.step == "read")
            #expect(store.status.notSaved != nil)
        }
    }

    @Test func corruptFileWithoutAConfiguredTokenIsAnError() async throws {
        try await withTemporaryFolder { folder in
            let saved = folder + "/saved"
            try Store.write("{", saved)
            let error = try await failure(of: SecretUnavailable.self) { try Store.store(Secret(""), saved).read() }
            #expect(error == SecretUnavailable(path: saved, problem: .corrupt))
        }
    }

    @Test func replacedTokenWithoutAFileIsReported() throws {
        let store = Store.store(Secret("rt-0"), nil)
        #expect(store.status.notSaved == nil)
        #expect(try store.rotate(to: "rt-1", from: "rt-0", at: Self.now) == nil)
        #expect(store.status.notSaved?.description.contains("no file is configured") == true)
        #expect(store.status.saveFailures == 0)
        #expect(try store.read().texts == ["rt-1", "rt-0"])
    }

    // MARK: - The provider

    @Test func unusableSavedFileIsLoggedOnce() async throws {
        try await withTemporaryFolder { folder in
            let saved = folder + "/saved"
            try Store.write("{", saved)
            let log = LogCapture()
            try await withStub({ _, _ in .answer(200, body: TokenStandIn.v2Answer("T")) }) { server, transport in
                let flow = EntraTokenProvider.Flow.refreshToken(Secret("rt-0"), clientSecret: nil, savedIn: saved)
                let provider = try TokenStandIn.provider(server, transport, flow: flow, log: log)
                for _ in 0..<3 { _ = try await RefreshTokenTests.nextToken(provider) }
                #expect(log.text.split(separator: "Saved refresh token cannot be used").count == 2)
                #expect(provider.refreshTokenStatus?.savedUnusable?.problem == .corrupt)
            }
        }
    }

    @Test func timeOfTheSignInIsReadFromTheAccessToken() async throws {
        try await withTemporaryFolder { folder in
            let file = RefreshTokenFile(path: folder + "/saved")
            let access = TokenClaimsTests.token(#"{"auth_time":1799990000}"#)
            try await withStub({ _, _ in .answer(200, body: TokenStandIn.v2Answer(access)) }) { server, transport in
                let flow = EntraTokenProvider.Flow.refreshToken(Secret("rt-0"), clientSecret: nil, savedIn: file.path)
                let provider = try TokenStandIn.provider(server, transport, flow: flow)
                _ = try await provider.token()
                #expect(provider.refreshTokenStatus?.signedIn == Date(timeIntervalSince1970: 1_799_990_000))
                // A sign-in is known before its token is used.
                try await file.save(Secret("fresh"), inPlaceOf: Secret("rt-0"), signedIn: Self.now)
                await provider.keepRefreshToken(unusedAtMost: .seconds(86_400))
                #expect(provider.refreshTokenStatus?.signedIn == Self.now)
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test func tokenOfUnknownAgeIsUsedOnceAtTheStart() async throws {
        try await withTemporaryFolder { folder in
            let file = RefreshTokenFile(path: folder + "/saved")
            try await withStub({ _, _ in .answer(200, body: TokenStandIn.v2Answer("T")) }) { server, transport in
                func start(_ secret: Secret, _ savedIn: String?) async throws {
                    let flow = EntraTokenProvider.Flow.refreshToken(secret, clientSecret: nil, savedIn: savedIn)
                    let provider = try TokenStandIn.provider(server, transport, flow: flow)
                    for _ in 0..<3 { await provider.keepRefreshToken(unusedAtMost: .seconds(86_400)) }
                }
                try await start(Secret("rt-0"), nil)
                #expect(server.requests.count == 1)
                try await start(Secret("rt-0"), file.path)
                #expect(server.requests.count == 2)
                // The file records when a saved token was issued.
                try await file.save(Secret("saved"), inPlaceOf: Secret("rt-0"), signedIn: Self.now)
                try await start(Secret("rt-0"), file.path)
                #expect(server.requests.count == 2)
            }
        }
    }
}
