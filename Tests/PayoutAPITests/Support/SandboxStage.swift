import Foundation
import PayoutSandbox

@testable import PayoutAPI

/// A sandbox on a socket of its own, and clients of it.
struct SandboxStage {
    let sandbox: PayoutSandbox
    let address: PayoutSandbox.Address
    let transport: PayoutTransport
    /// Waits take no time, and are counted.
    let clock = TestClock()

    /// - Parameter change: Another behaviour than ``PayoutSandbox/Configuration/instant``.
    static func with(
        _ change: (inout PayoutSandbox.Configuration) -> Void = { _ in },
        _ body: (SandboxStage) async throws -> Void
    ) async throws {
        var configuration = PayoutSandbox.Configuration.instant
        configuration.seed = 1
        change(&configuration)
        let sandbox = PayoutSandbox(configuration: configuration)
        let address = try await sandbox.start()
        let stage = SandboxStage(sandbox: sandbox, address: address, transport: PayoutTransport())
        var failure: (any Error)?
        do { try await body(stage) } catch { failure = error }
        // Some bodies have shut it down already.
        try? await stage.transport.shutdown()
        await sandbox.stop()
        if let failure { throw failure }
    }

    /// Tokens for the sandbox's first account.
    ///
    /// - Parameters:
    ///   - flow: How it signs in; by password unless said otherwise.
    ///   - version: The endpoint to ask.
    func tokens(
        _ flow: AzureADTokenProvider.Flow? = nil,
        version: AzureADTokenProvider.EndpointVersion? = nil
    ) throws -> AzureADTokenProvider {
        let account = PayoutSandbox.Account()
        let password = AzureADTokenProvider.Flow.password(
            username: account.username,
            password: Secret(account.password),
            clientSecret: nil
        )
        var configuration = AzureADTokenProvider.Configuration(
            tenantID: account.tenantID,
            clientID: account.clientID,
            flow: flow ?? password
        )
        configuration.authority = self.address.authority
        configuration.endpointVersion = version
        return try AzureADTokenProvider(
            configuration: configuration,
            transport: self.transport,
            environment: .test(self.clock)
        )
    }

    /// A client of the sandbox; without tokens one that is signed in by password.
    func client(
        _ tokens: (any TokenProvider)? = nil,
        retryPolicy: RetryPolicy = .none,
        requestTimeout: Duration = .seconds(20)
    ) throws -> PayoutClient {
        var configuration = PayoutClient.Configuration()
        configuration.baseURL = self.address.baseURL
        configuration.retryPolicy = retryPolicy
        configuration.requestTimeout = requestTimeout
        return try PayoutClient(
            configuration: configuration,
            tokens: tokens ?? self.tokens(),
            transport: self.transport,
            environment: .test(self.clock)
        )
    }

    /// Fetches files from the sandbox.
    func downloader(stall: Duration = .seconds(20)) throws -> BlobDownloader {
        var configuration = BlobDownloader.Configuration()
        configuration.hosts = try BlobHostRules(patterns: self.address.blobHosts)
        configuration.stallTimeout = stall
        configuration.backOff = .milliseconds(1) ... .milliseconds(1)
        return BlobDownloader(configuration: configuration, transport: self.transport)
    }
}
