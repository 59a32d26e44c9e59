import EntraIdentity
import Foundation
import HTTPAccess
import PayoutAPI
import PayoutSandbox
import Primitives
import Testing

@testable import payout_worker

@Suite struct SecretWatchTests {
    /// One account that signs in at a sandbox and saves its tokens in a folder.
    private static func withAccount(
        _ more: [String: String] = [:],
        _ body: (AccountConfiguration, PayoutSandbox, HTTPTransport) async throws -> Void
    ) async throws {
        let sandbox = PayoutSandbox(configuration: .instant)
        let address = try await sandbox.start()
        let transport = HTTPTransport()
        let folder = try TemporaryFile(directory: ())
        do {
            var environment = Dictionary(address.environment, uniquingKeysWith: { $1 })
            environment["KAFKA_BOOTSTRAP_SERVERS"] = "localhost:9092"
            environment["PAYOUT_API_REFRESH_TOKEN_SAVED_IN"] = folder.path + "/"
            let settings = try Settings(environment: environment.merging(more) { $1 })
            let account = try #require(try WorkerConfiguration(settings).accounts.first)
            try await body(account, sandbox, transport)
        } catch {
            try? await transport.shutdown()
            await sandbox.stop()
            throw error
        }
        try? await transport.shutdown()
        await sandbox.stop()
    }

    private final class Worker {
        let account: AccountConfiguration
        let provider: EntraTokenProvider
        var watch = SecretWatch()

        init(_ account: AccountConfiguration, _ transport: HTTPTransport) throws {
            self.account = account
            provider = try EntraTokenProvider(configuration: account.tokens, transport: transport)
            watch.remember([account])
        }

        /// The check that a worker makes every two seconds.
        func check() -> Bool {
            let changed = !watch.changes([account], [account.name: provider]).accounts.isEmpty
            if changed { provider.credentialsChanged() }
            return changed
        }
    }

    @Test func workersThatShareASavedTokenDoNotInvalidateEachOther() async throws {
        try await Self.withAccount { account, sandbox, transport in
            let workers = [try Worker(account, transport), try Worker(account, transport)]
            for _ in 0..<10 {
                for index in workers.indices {
                    _ = workers[index].check()
                    _ = try await workers[index].provider.token()
                }
            }
            #expect(sandbox.stats.tokensIssued == 2)
            // A refresh by one of them is not a change for the other.
            workers[0].provider.credentialsChanged()
            _ = try await workers[0].provider.token()
            #expect(!workers[1].check())
            // A sign-in is a change for both.
            let path = try #require(account.savedRefreshToken)
            try await RefreshTokenFile(path: path).save(Secret("new"), inPlaceOf: nil, signedIn: Date())
            for index in workers.indices {
                #expect(workers[index].check())
                #expect(!workers[index].check())
            }
        }
    }

    @Test func rotatedTokenOfTheSameSignInIsNoChange() async throws {
        try await Self.withAccount { account, sandbox, transport in
            let token = try #require(try account.secrets.first?.read())
            let path = try #require(account.savedRefreshToken)
            try await RefreshTokenFile(path: path).save(Secret(token), inPlaceOf: nil, signedIn: Date())
            let workers = [try Worker(account, transport), try Worker(account, transport)]
            for _ in 0..<10 {
                for index in workers.indices {
                    #expect(!workers[index].check())
                    _ = try await workers[index].provider.token()
                }
            }
            #expect(sandbox.stats.tokensIssued == 2)
        }
    }

    @Test func changedMountedSecretIsReportedOnce() async throws {
        let mounted = try TemporaryFile("one")
        let more = ["PAYOUT_API_REFRESH_TOKEN": "", "PAYOUT_API_REFRESH_TOKEN_FILE": mounted.path]
        try await Self.withAccount(more) { account, _, transport in
            let worker = try Worker(account, transport)
            #expect(!worker.check())
            try Data("two".utf8).write(to: URL(filePath: mounted.path))
            #expect(worker.check())
            #expect(!worker.check())
        }
    }
}
