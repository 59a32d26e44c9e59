import EntraIdentity
import Foundation
import HTTPAccess
import HTTPStandIns
import PayoutSandbox
import Primitives

@testable import PayoutAPI

/// A sandbox that listens on a port of its own, with clients, tokens and downloaders for it.
struct SandboxFixture {
    let sandbox: PayoutSandbox
    let address: PayoutSandbox.Address
    let transport: HTTPTransport
    /// Sleeps return at once and are recorded.
    let clock = TestClock()

    /// Runs a test with a sandbox.
    ///
    /// - Parameter change: Changes the configuration, which is ``PayoutSandbox/Configuration/instant`` otherwise.
    static func with(
        _ change: (inout PayoutSandbox.Configuration) -> Void = { _ in },
        _ body: (SandboxFixture) async throws -> Void
    ) async throws {
        var configuration = PayoutSandbox.Configuration.instant
        configuration.seed = 1
        change(&configuration)
        let sandbox = PayoutSandbox(configuration: configuration)
        let address = try await sandbox.start()
        let transport = HTTPTransport(configuration: BothTransports.configuration)
        let fixture = SandboxFixture(sandbox: sandbox, address: address, transport: transport)
        var failure: (any Error)?
        do { try await body(fixture) } catch { failure = error }
        // A test may have shut it down already.
        try? await fixture.transport.shutdown()
        await sandbox.stop()
        if let failure { throw failure }
    }

    /// Tokens for the sandbox's first account.
    ///
    /// - Parameters:
    ///   - flow: The flow; by default the password flow.
    ///   - version: The endpoint version to use.
    func tokens(
        _ flow: EntraTokenProvider.Flow? = nil,
        version: EntraTokenProvider.EndpointVersion? = nil
    ) throws -> EntraTokenProvider {
        let account = PayoutSandbox.Account()
        let password = EntraTokenProvider.Flow.password(
            username: account.username,
            password: Secret(account.password),
            clientSecret: nil
        )
        var configuration = EntraTokenProvider.Configuration(
            tenantID: account.tenantID,
            clientID: account.clientID,
            flow: flow ?? password
        )
        configuration.authority = self.address.authority
        configuration.endpointVersion = version
        return try EntraTokenProvider(
            configuration: configuration,
            transport: self.transport,
            environment: .test(self.clock)
        )
    }

    /// A client of the sandbox, by default with the tokens of the password flow.
    func client(
        _ tokens: (any TokenProvider)? = nil,
        retryPolicy: RetryPolicy = .none,
        requestTimeout: Duration = .seconds(300)
    ) throws -> PayoutClient {
        var configuration = PayoutClient.Configuration()
        configuration.baseURL = self.address.baseURL
        configuration.retryPolicy = retryPolicy
        configuration.requestTimeout = requestTimeout
        configuration.downloads.hosts = try BlobHostRules(patterns: self.address.blobHosts)
        return try PayoutClient(
            configuration: configuration,
            tokens: tokens ?? self.tokens(),
            transport: self.transport,
            environment: .test(self.clock)
        )
    }

    /// A downloader for the sandbox's files.
    func downloader(stall: Duration = .seconds(300), attempts: Int = 5) throws -> BlobDownloader {
        var configuration = BlobDownloader.Configuration()
        configuration.hosts = try BlobHostRules(patterns: self.address.blobHosts)
        configuration.stallTimeout = stall
        configuration.maximumAttempts = attempts
        configuration.backOff = .milliseconds(1) ... .milliseconds(1)
        return BlobDownloader(configuration: configuration, transport: self.transport)
    }
}
