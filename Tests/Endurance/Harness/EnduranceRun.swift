import Foundation
public import PayoutAPI
import PayoutFilters
public import PayoutSandbox
import Synchronization

/// Many exports against a sandbox that fails a share of all calls in every way it knows. What each export came to is
/// held against the sandbox's own journal afterwards.
public struct EnduranceRun: Sendable {
    /// How many calls of the export API the run goes on for.
    public var calls = 100_000
    /// The share of calls that fail.
    public var share = 0.2
    /// Which run it is; the sandbox draws its faults from it.
    public var seed: UInt64 = 1
    /// How many exports are under way at once.
    public var concurrency = 64
    /// One file in so many is downloaded.
    public var downloadsEvery = 10
    /// One export in so many is deleted in the end.
    public var deletesEvery = 4
    /// How often one call is tried again from outside, beyond what the client does itself, before it counts as given up.
    public var rounds = 200
    /// What the client tries by itself.
    public var retryPolicy = RetryPolicy.standard
    /// How much faster than the machine's the client's clock goes.
    public var factor = 200

    /// The defaults.
    public init() {}

    /// Runs, and compares.
    ///
    /// - Parameter progress: Gets how many calls have been answered, now and then.
    public func run(progress: @escaping @Sendable (Int) -> Void = { _ in }) async throws -> EnduranceReport {
        let sandbox = PayoutSandbox(configuration: self.sandboxConfiguration)
        let address = try await sandbox.start()
        let transport = PayoutTransport()
        let began = ContinuousClock.now
        do {
            let service = try self.service(at: address, transport)
            let journeys = try await self.journeys(service, sandbox, progress)
            let report = EnduranceReport(
                journeys: journeys,
                exports: sandbox.exports,
                stats: sandbox.stats,
                duration: ContinuousClock.now - began
            )
            try await transport.shutdown()
            await sandbox.stop()
            return report
        } catch {
            try? await transport.shutdown()
            await sandbox.stop()
            throw error
        }
    }

    private var sandboxConfiguration: PayoutSandbox.Configuration {
        var configuration = PayoutSandbox.Configuration.instant
        configuration.seed = self.seed
        configuration.faults = Adversity.faults(share: self.share)
        configuration.exports.queued = .uniform(.zero, .milliseconds(10))
        configuration.exports.processing = .uniform(.zero, .milliseconds(20))
        configuration.blobs.size = .uniform(1, 64 * 1024)
        return configuration
    }

    private func service(at address: PayoutSandbox.Address, _ transport: PayoutTransport) throws -> EnduranceService {
        let account = PayoutSandbox.Account()
        let environment = PayoutEnvironment(clock: FastClock(factor: self.factor), random: { Double.random(in: 0..<1) })
        var tokens = AzureADTokenProvider.Configuration(
            tenantID: account.tenantID,
            clientID: account.clientID,
            flow: .password(username: account.username, password: Secret(account.password), clientSecret: nil)
        )
        tokens.authority = address.authority
        tokens.requestTimeout = Adversity.requestTimeout
        let provider = try AzureADTokenProvider(configuration: tokens, transport: transport, environment: environment)
        var calls = PayoutClient.Configuration()
        calls.baseURL = address.baseURL
        calls.requestTimeout = Adversity.requestTimeout
        calls.retryPolicy = self.retryPolicy
        var downloads = BlobDownloader.Configuration()
        downloads.hosts = try BlobHostRules(patterns: address.blobHosts)
        // The watch goes by the fast clock.
        downloads.stallTimeout = Adversity.stallTimeout * self.factor
        return EnduranceService(
            client: try PayoutClient(
                configuration: calls,
                tokens: provider,
                transport: transport,
                environment: environment
            ),
            tokens: provider,
            downloader: BlobDownloader(configuration: downloads, transport: transport, environment: environment),
            clock: environment.clock,
            rounds: self.rounds
        )
    }

    private func journeys(
        _ service: EnduranceService,
        _ sandbox: PayoutSandbox,
        _ progress: @escaping @Sendable (Int) -> Void
    ) async throws -> [Journey] {
        try await withThrowingTaskGroup(of: Journey.self) { group in
            var journeys: [Journey] = []
            var number = 0
            while true {
                if number >= self.concurrency, let journey = try await group.next() { journeys.append(journey) }
                if number % 64 == 0 {
                    let answered = sandbox.stats.exportCalls
                    progress(answered)
                    guard answered < self.calls else { break }
                }
                let plan = Journey.Plan(
                    number: number,
                    downloads: number % self.downloadsEvery == 0,
                    deletes: number % self.deletesEvery == 0
                )
                group.addTask { try await Journey.make(plan, service) }
                number += 1
            }
            for try await journey in group { journeys.append(journey) }
            progress(sandbox.stats.exportCalls)
            return journeys
        }
    }
}

/// What a journey needs.
struct EnduranceService: Sendable {
    let client: PayoutClient
    let tokens: AzureADTokenProvider
    let downloader: BlobDownloader
    let clock: any PayoutClock
    let rounds: Int
}

extension PayoutSandbox.Stats {
    /// Calls of the export API that were answered, or closed without an answer.
    public var exportCalls: Int { self.total(.create) + self.total(.get) + self.total(.delete) }
}
