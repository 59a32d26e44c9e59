import EntraIdentity
import Foundation
import PayoutAPI
import Primitives
import Testing

@testable import payout_worker

@Suite struct SignInSettingsTests {
    private static let base = [
        "KAFKA_BOOTSTRAP_SERVERS": "localhost:9092", "PAYOUT_API_TENANT_ID": "t", "PAYOUT_API_CLIENT_ID": "c",
    ]

    private func account(_ more: [String: String]) throws -> AccountConfiguration {
        let environment = Self.base.merging(more) { $1 }
        return try #require(try WorkerConfiguration(Settings(environment: environment)).accounts.first)
    }

    private func isRefreshToken(_ more: [String: String]) throws -> Bool {
        if case .refreshToken = try account(more).tokens.flow { true } else { false }
    }

    @Test func flowIsRefreshTokenIfOneIsConfiguredOrSaved() throws {
        #expect(try isRefreshToken(["PAYOUT_API_REFRESH_TOKEN": "r"]))
        #expect(
            try isRefreshToken([
                "PAYOUT_API_REFRESH_TOKEN": "r", "PAYOUT_API_USERNAME": "u", "PAYOUT_API_PASSWORD": "p",
            ])
        )
        #expect(try isRefreshToken(["PAYOUT_API_REFRESH_TOKEN_SAVED_IN": "/var/lib/tokens/"]))
        let password = ["PAYOUT_API_USERNAME": "u", "PAYOUT_API_PASSWORD": "p"]
        #expect(try !isRefreshToken(password))
        // A location for refresh tokens has no effect before a person has signed in.
        let place = try TemporaryFile(directory: ())
        let both = password.merging(["PAYOUT_API_REFRESH_TOKEN_SAVED_IN": place.path + "/"]) { $1 }
        #expect(try !isRefreshToken(both))
        try Data("token".utf8).write(to: URL(fileURLWithPath: place.path + "/default.refresh-token"))
        #expect(try isRefreshToken(both))
        let chosen = password.merging(["PAYOUT_API_REFRESH_TOKEN": "r", "PAYOUT_API_AUTHENTICATION": "password"]) { $1 }
        #expect(try !isRefreshToken(chosen))
    }

    @Test func folderHasAFilePerAccount() throws {
        #expect(RefreshTokenPlace.path("", "a") == nil)
        #expect(RefreshTokenPlace.path("/tokens/", "emea") == "/tokens/emea.refresh-token")
        #expect(RefreshTokenPlace.path("/tokens/", "../x y") == "/tokens/%2E%2E%2Fx%20y.refresh-token")
        #expect(RefreshTokenPlace.path("/nonexistent/file", "emea") == "/nonexistent/file")
        let folder = try TemporaryFile(directory: ())
        #expect(RefreshTokenPlace.path(folder.path, "emea") == folder.path + "/emea.refresh-token")
    }

    @Test func oneFileForSeveralAccountsIsAProblem() throws {
        let file = try TemporaryFile("accounts: {a: {refresh_token: x}, b: {refresh_token: y}}\n")
        var environment = Self.base
        environment["PAYOUT_API_REFRESH_TOKEN_SAVED_IN"] = "/nonexistent/file"
        let error = #expect(throws: ConfigurationError.self) {
            try WorkerConfiguration(Settings(environment: environment, file: file.path))
        }
        #expect(error?.description.contains("Set it to a folder") == true)
    }

    @Test func missingTokenFileIsAcceptedIfTokensAreSavedElsewhere() throws {
        let missing = ["PAYOUT_API_REFRESH_TOKEN_FILE": "/nonexistent/api-refresh-token"]
        #expect(throws: ConfigurationError.self) { try account(missing) }
        let saved = missing.merging(["PAYOUT_API_REFRESH_TOKEN_SAVED_IN": "/var/lib/tokens/"]) { $1 }
        let read = try account(saved)
        guard case .refreshToken(let token, _, let savedIn) = read.tokens.flow else {
            Issue.record("another flow")
            return
        }
        #expect(token.filePath == "/nonexistent/api-refresh-token")
        #expect(savedIn == "/var/lib/tokens/default.refresh-token")
        var problems: [String] = []
        let values = ExplainedValue.all(try Settings(environment: Self.base.merging(saved) { $1 }), &problems)
        #expect(problems == [])
        #expect(values.first { $0.name == "PAYOUT_API_REFRESH_TOKEN" }?.value == ExplainedValue.mask)
    }

    // MARK: - The command

    private func target(_ more: [String: String], out: String? = nil, file: String? = nil) throws -> SignInTarget {
        let settings = try Settings(environment: Self.base.merging(more) { $1 }, file: file)
        return try SignInTarget(settings, account: file == nil ? "default" : "a", out: out, timeLimit: .seconds(60))
    }

    @Test func signInDoesNotReplaceTheTokenOfAnotherAccount() throws {
        let file = try TemporaryFile("accounts: {a: {username: x}, b: {username: y}}\n")
        let shared = ["PAYOUT_API_REFRESH_TOKEN_SAVED_IN": "/nonexistent/file"]
        let error = #expect(throws: ConfigurationError.self) { try target(shared, file: file.path) }
        #expect(error?.description.contains("several accounts share the file '/nonexistent/file'") == true)
        let folder = ["PAYOUT_API_REFRESH_TOKEN_SAVED_IN": "/nonexistent/"]
        #expect(try target(folder, file: file.path).place.file.path == "/nonexistent/a.refresh-token")
        // A file that is set with --out belongs to no account.
        #expect(try target(shared, out: "/nonexistent/other", file: file.path).place.file.path == "/nonexistent/other")
    }

    @Test func nextStepsFitThePlaceOfTheToken() throws {
        let here = FileManager.default.currentDirectoryPath
        let text = SignInSteps.text(try target([:], out: "refresh-token"))
        #expect(text.contains("PAYOUT_API_REFRESH_TOKEN_FILE=\(here)/refresh-token"))
        #expect(text.contains("--from-file=api-refresh-token=\(here)/refresh-token"))
        #expect(text.contains("LoadCredential=api-refresh-token:\(here)/refresh-token"))
        #expect(text.contains("kubectl -n payout-export apply --server-side --force-conflicts"))
        let saved = SignInSteps.text(try target(["PAYOUT_API_REFRESH_TOKEN_SAVED_IN": "/var/lib/tokens/"]))
        // Workers find that file themselves, so it is not part of a secret.
        #expect(!saved.contains("kubectl") && saved.contains("payout-worker export create"))
    }

    @Test func configuredOtherFlowIsNamedAfterASignIn() throws {
        let saved = ["PAYOUT_API_REFRESH_TOKEN_SAVED_IN": "/var/lib/tokens/"]
        #expect(!SignInSteps.text(try target(saved)).contains("PAYOUT_API_AUTHENTICATION"))
        let other = saved.merging(["PAYOUT_API_AUTHENTICATION": "password"]) { $1 }
        #expect(SignInSteps.text(try target(other)).contains("PAYOUT_API_AUTHENTICATION is password: remove it"))
    }
}
