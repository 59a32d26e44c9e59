import EntraIdentity
import Foundation
import HTTPAccess
public import PayoutAPI
import PayoutFilters
public import PayoutSandbox
import Primitives
import Synchronization

/// Many exports against a sandbox that fails a share of all calls with all its faults. Afterwards the run compares each
/// export's result with the sandbox's journal.
public struct EnduranceRun: Sendable {
    /// The number of calls of the export API after which the run ends.
    public var calls = 100_000
    /// The share of calls that fail.
    public var share = 0.2
    /// The seed of the sandbox's faults.
    public var seed: UInt64 = 1
    /// How many exports are in progress at once.
    public var concurrency = 64
    /// Of this many exports, one file is downloaded.
    public var downloadsEvery = 10
    /// Of this many exports, one is deleted at the end.
    public var deletesEvery = 4
    /// How often a scenario repeats a call, in addition to the client's own retries, before it gives up.
    public var rounds = 200
    /// The client's own retries.
    public var retryPolicy = RetryPolicy.standard
    /// How much faster the client's clock is than the machine's.
    public var factor = 200

    /// The defaults.
    public init() {}

    /// Runs all scenarios and compares their results with the journal.
    ///
    /// - Parameter progress: Receives the number of answered calls periodically.
    public func run(progress: @escaping @Sendable (Int) -> Void = { _ in }) async throws -> EnduranceReport {
        let sandbox = PayoutSandbox(configuration: self.sandboxConfiguration)
        let address = try await sandbox.start()
        let transport = HTTPTransport()
        let began = ContinuousClock.now
        do {
            let service = try self.service(at: address, transport)
            let scenarios = try await self.scenarios(service, sandbox, progress)
            let report = EnduranceReport(
                scenarios: scenarios,
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
        configuration.faults = EnduranceFaults.faults(share: self.share)
        configuration.exports.queued = .uniform(.zero, .milliseconds(10))
        configuration.exports.processing = .uniform(.zero, .milliseconds(20))
        configuration.blobs.size = .uniform(1, 64 * 1024)
        return configuration
    }

    private func service(at address: PayoutSandbox.Address, _ transport: HTTPTransport) throws -> EnduranceService {
        let account = PayoutSandbox.Account()
        let environment = HTTPEnvironment(clock: FastClock(factor: self.factor), random: { Double.random(in: 0..<1) })
        var tokens = EntraTokenProvider.Configuration(
            tenantID: account.tenantID,
            clientID: account.clientID,
            flow: .password(username: account.username, password: Secret(account.password), clientSecret: nil)
        )
        tokens.authority = address.authority
        tokens.requestTimeout = EnduranceFaults.requestTimeout
        let provider = try EntraTokenProvider(configuration: tokens, transport: transport, environment: environment)
        var calls = PayoutClient.Configuration()
        calls.baseURL = address.baseURL
        calls.requestTimeout = EnduranceFaults.requestTimeout
        calls.retryPolicy = self.retryPolicy
        var downloads = BlobDownloader.Configuration()
        downloads.hosts = try BlobHostRules(patterns: address.blobHosts)
        // The downloader measures stalls by the fast clock.
        downloads.stallTimeout = EnduranceFaults.stallTimeout * self.factor
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

    private func scenarios(
        _ service: EnduranceService,
        _ sandbox: PayoutSandbox,
        _ progress: @escaping @Sendable (Int) -> Void
    ) async throws -> [Scenario] {
        try await withThrowingTaskGroup(of: Scenario.self) { group in
            var scenarios: [Scenario] = []
            var number = 0
            while true {
                if number >= self.concurrency, let scenario = try await group.next() { scenarios.append(scenario) }
                if number % 64 == 0 {
                    let answered = sandbox.stats.exportCalls
                    progress(answered)
                    guard answered < self.calls else { break }
                }
                let plan = Scenario.Plan(
                    number: number,
                    downloads: number % self.downloadsEvery == 0,
                    deletes: number % self.deletesEvery == 0
                )
                group.addTask { try await Scenario.make(plan, service) }
                number += 1
            }
            for try await scenario in group { scenarios.append(scenario) }
            progress(sandbox.stats.exportCalls)
            return scenarios
        }
    }
}

/// The clients and limits of a scenario.
struct EnduranceService: Sendable {
    let client: PayoutClient
    let tokens: EntraTokenProvider
    let downloader: BlobDownloader
    let clock: any HTTPClock
    let rounds: Int
}

extension PayoutSandbox.Stats {
    /// Calls of the export API that were answered, or closed without an answer.
    public var exportCalls: Int { self.total(.create) + self.total(.get) + self.total(.delete) }
}
