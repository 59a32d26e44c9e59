import FileStores
import Logging
import PayoutAPI
import PayoutFilters
import WorkerConsole
import WorkerExports

/// Makes the parts that talk to the service and to the file store.
struct Service: Sendable {
    let transport: PayoutTransport
    let clients: [String: PayoutClient]
    let tokens: [String: AzureADTokenProvider]
    let delivery: FileDelivery?
    let store: (any FileStore)?
    private let retryPolicy: RetryPolicy
    private let logger: Logger

    /// - Parameter retryPolicy: `.none` for the worker, which schedules repetitions itself.
    init(
        _ accounts: [AccountConfiguration],
        files: FilesConfiguration,
        downloads: Int,
        retryPolicy: RetryPolicy,
        logger: Logger
    ) throws {
        do {
            let transport = PayoutTransport()
            self.transport = transport
            self.retryPolicy = retryPolicy
            self.logger = logger.part(.api)
            var clients: [String: PayoutClient] = [:]
            var tokens: [String: AzureADTokenProvider] = [:]
            for account in accounts {
                let made = try Self.make(account, transport, retryPolicy, self.logger)
                (clients[account.name], tokens[account.name]) = (made.client, made.tokens)
            }
            self.clients = clients
            self.tokens = tokens
            let hosts = accounts.flatMap(\.blobHosts)
            store = try files.makeStore(threads: max(1, downloads))
            delivery = try store.map {
                FileDelivery(
                    store: $0,
                    downloader: try Self.downloader(hosts, transport, logger.part(.files)),
                    template: files.template,
                    transfers: max(1, downloads)
                )
            }
        } catch let error as PayoutConfigurationError {
            throw ConfigurationError("\(error)")
        } catch let error as FileStoreError {
            throw ConfigurationError("FILES_LOCATION: \(error)")
        }
    }

    /// A client for an account, on the same connections.
    func make(_ account: AccountConfiguration) throws -> (client: PayoutClient, tokens: AzureADTokenProvider) {
        do {
            return try Self.make(account, transport, retryPolicy, logger)
        } catch let error as PayoutConfigurationError {
            throw ConfigurationError("\(account.name): \(error)")
        }
    }

    private static func make(
        _ account: AccountConfiguration,
        _ transport: PayoutTransport,
        _ retryPolicy: RetryPolicy,
        _ logger: Logger
    ) throws -> (client: PayoutClient, tokens: AzureADTokenProvider) {
        let provider = try AzureADTokenProvider(configuration: account.tokens, transport: transport, logger: logger)
        var configuration = PayoutClient.Configuration()
        configuration.baseURL = account.baseURL
        configuration.account = account.name
        configuration.retryPolicy = retryPolicy
        let client = try PayoutClient(
            configuration: configuration,
            tokens: provider,
            transport: transport,
            logger: logger
        )
        return (client, provider)
    }

    static func downloader(_ hosts: [String], _ transport: PayoutTransport, _ logger: Logger) throws -> BlobDownloader {
        var configuration = BlobDownloader.Configuration()
        configuration.hosts = try BlobHostRules(patterns: hosts)
        return BlobDownloader(configuration: configuration, transport: transport, logger: logger)
    }

    func shutdown() async {
        await store?.close()
        try? await transport.shutdown()
    }
}

/// Tells when the file store does not take files, and removes what crashed workers have left there.
struct StoreWatch: Sendable {
    let store: any FileStore
    let problems: ReportedProblems
    let logger: Logger
    /// Between two looks at a store that works; at one that does not, looks come more often.
    private static let interval: Duration = .seconds(60)
    private static let troubledInterval: Duration = .seconds(5)

    /// Looks again and again until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await sweep() }
            group.addTask { await check() }
        }
    }

    private func check() async {
        var problem: String?
        while !Task.isCancelled {
            let before = problem
            do {
                try await store.check()
                problem = nil
            } catch {
                problem = "\(error)"
            }
            guard !Task.isCancelled else { return }
            problems.store(problem)
            if let problem, before == nil {
                logger.error(
                    "The file store takes no files now; jobs whose files are ready wait",
                    metadata: ["store": "\(store.location)", "reason": "\(problem)"]
                )
            } else if problem == nil, before != nil {
                logger.notice("The file store takes files again", metadata: ["store": "\(store.location)"])
            }
            try? await Task.sleep(for: problem == nil ? Self.interval : Self.troubledInterval)
        }
    }

    private func sweep() async {
        while !Task.isCancelled {
            if let removed = try? await store.sweep(), removed > 0 {
                logger.info("Leftovers of earlier uploads removed", metadata: ["count": "\(removed)"])
            }
            try? await Task.sleep(for: .seconds(3_600))
        }
    }
}
