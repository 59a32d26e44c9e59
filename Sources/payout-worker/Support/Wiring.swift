import FileStores
import Logging
import PayoutAPI
import PayoutFilters
import WorkerExports

/// Makes the parts that talk to the service and to the file store.
struct Service: Sendable {
    let transport: PayoutTransport
    let clients: [String: PayoutClient]
    let tokens: [String: AzureADTokenProvider]
    let delivery: FileDelivery?
    let store: (any FileStore)?

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
            var clients: [String: PayoutClient] = [:]
            var tokens: [String: AzureADTokenProvider] = [:]
            for account in accounts {
                let provider = try AzureADTokenProvider(
                    configuration: account.tokens,
                    transport: transport,
                    logger: logger
                )
                var configuration = PayoutClient.Configuration()
                configuration.baseURL = account.baseURL
                configuration.account = account.name
                configuration.retryPolicy = retryPolicy
                tokens[account.name] = provider
                clients[account.name] = try PayoutClient(
                    configuration: configuration,
                    tokens: provider,
                    transport: transport,
                    logger: logger
                )
            }
            self.clients = clients
            self.tokens = tokens
            let hosts = accounts.flatMap(\.blobHosts)
            store = try files.makeStore(threads: max(1, downloads))
            delivery = try store.map {
                FileDelivery(
                    store: $0,
                    downloader: try Self.downloader(hosts, transport, logger),
                    template: files.template
                )
            }
        } catch let error as PayoutConfigurationError {
            throw ConfigurationError("\(error)")
        } catch let error as FileStoreError {
            throw ConfigurationError("FILES_LOCATION: \(error)")
        }
    }

    static func downloader(_ hosts: [String], _ transport: PayoutTransport, _ logger: Logger) throws -> BlobDownloader {
        var configuration = BlobDownloader.Configuration()
        configuration.hosts = try BlobHostRules(patterns: hosts)
        return BlobDownloader(configuration: configuration, transport: transport, logger: logger)
    }

    /// Says at once when the file store does not take files, and removes what crashed workers have left there.
    func keepStore(_ logger: Logger) async {
        guard let store else { return }
        do {
            try await store.check()
        } catch {
            logger.error(
                "The file store takes no files now; jobs whose files are ready wait",
                metadata: ["reason": "\(error)"]
            )
        }
        while !Task.isCancelled {
            if let removed = try? await store.sweep(), removed > 0 {
                logger.info("Leftovers of earlier uploads removed", metadata: ["count": "\(removed)"])
            }
            try? await Task.sleep(for: .seconds(3_600))
        }
    }

    func shutdown() async {
        await store?.close()
        try? await transport.shutdown()
    }
}
