import EntraIdentity
import FileStores
import HTTPAccess
import Logging
import PayoutAPI
import PayoutFilters
import ServiceLifecycle
import WorkerExports
import WorkerRuntime
import WorkerTelemetry

/// Creates the clients of the service and of the file store.
struct PayoutService: Sendable {
    let transport: HTTPTransport
    let clients: [String: PayoutClient]
    let tokens: [String: EntraTokenProvider]
    let delivery: FileDelivery?
    /// The hosts that files may be fetched from.
    let hosts: BlobHostRules
    let store: (any FileStore)?
    private let retryPolicy: RetryPolicy
    private let logger: Logger

    /// - Parameters:
    ///   - downloads: how many files are stored at the same time.
    ///   - retryPolicy: `.none` for the worker, which schedules retries itself.
    init(
        _ accounts: [AccountConfiguration],
        files: FilesConfiguration,
        network: NetworkSettings,
        downloads: Int,
        retryPolicy: RetryPolicy,
        logger: Logger
    ) async throws {
        var connections = HTTPTransport.Configuration()
        connections.network = network
        let transport = HTTPTransport(configuration: connections)
        do {
            self.transport = transport
            self.retryPolicy = retryPolicy
            self.logger = logger.part(.api)
            var clients: [String: PayoutClient] = [:]
            var tokens: [String: EntraTokenProvider] = [:]
            for account in accounts {
                let made = try Self.make(account, transport, retryPolicy, self.logger)
                (clients[account.name], tokens[account.name]) = (made.client, made.tokens)
            }
            self.clients = clients
            self.tokens = tokens
            let hosts = try BlobHostRules(patterns: accounts.flatMap(\.blobHosts))
            self.hosts = hosts
            store = try files.makeStore(threads: downloads)
            delivery = store.map {
                FileDelivery(
                    store: $0,
                    downloader: Self.downloader(hosts, transport, logger.part(.files), slowAttempts: 1),
                    texts: Remedies(),
                    template: files.template
                )
            }
        } catch {
            try? await transport.shutdown()
            switch error {
            case let error as ClientConfigurationError: throw ConfigurationError("\(error)")
            case let error as FileStoreError:
                throw ConfigurationError("FILES_LOCATION: \(Remedies().sentence(for: error))")
            default: throw error
            }
        }
    }

    /// A client for an account that uses the same connections.
    func make(_ account: AccountConfiguration) throws -> (client: PayoutClient, tokens: EntraTokenProvider) {
        do {
            return try Self.make(account, transport, retryPolicy, logger)
        } catch let error as ClientConfigurationError {
            throw ConfigurationError("\(account.name): \(error)")
        }
    }

    private static func make(
        _ account: AccountConfiguration,
        _ transport: HTTPTransport,
        _ retryPolicy: RetryPolicy,
        _ logger: Logger
    ) throws -> (client: PayoutClient, tokens: EntraTokenProvider) {
        let provider = try EntraTokenProvider(configuration: account.tokens, transport: transport, logger: logger)
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

    /// - Parameter slowAttempts: 1 where downloads wait for slots, so that a slow one yields its slot to the next.
    static func downloader(
        _ hosts: BlobHostRules,
        _ transport: HTTPTransport,
        _ logger: Logger,
        slowAttempts: Int? = nil
    ) -> BlobDownloader {
        var configuration = BlobDownloader.Configuration()
        configuration.hosts = hosts
        if let slowAttempts { configuration.maximumSlowAttempts = slowAttempts }
        return BlobDownloader(configuration: configuration, transport: transport, logger: logger)
    }

    func shutdown() async {
        await store?.close()
        try? await transport.shutdown()
    }
}

extension PayoutService: Service {
    /// Keeps the connections until graceful shutdown or cancellation.
    func run() async {
        try? await gracefulShutdown()
        await shutdown()
    }
}
