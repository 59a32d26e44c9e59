public import ArgumentParser
import Foundation
import HTTPAccess
import Logging
public import PayoutAPI
public import PayoutFilters
import Primitives

/// The service's client for commands that call the service directly.
struct ServiceAccess: Sendable {
    let account: AccountConfiguration
    let client: PayoutClient
    let downloader: BlobDownloader
    /// The waits between two polls of an export.
    let pollMinInterval: Duration
    let pollMaxInterval: Duration

    /// Runs a body with an account's client and closes the connections.
    static func with(
        _ settings: Settings,
        account name: String,
        _ body: (ServiceAccess) async throws -> Void
    ) async throws {
        var reader = SettingReader(settings)
        let accounts = AccountConfiguration.all(&reader)
        let network = NetworkSettings(&reader)
        let (low, high) = (reader.duration("WORKER_POLL_MIN_INTERVAL"), reader.duration("WORKER_POLL_MAX_INTERVAL"))
        guard reader.problems.isEmpty else { throw ConfigurationError(reader.problems) }
        let logger = try LogSetup.makeToolLogger(settings)
        guard let account = accounts.first(where: { $0.name == name }) else {
            let names = accounts.map(\.name).joined(separator: ", ")
            throw ConfigurationError(
                "The account '\(name)' is not configured. Configured accounts: \(names.isEmpty ? "none" : names)."
            )
        }
        let service = try await PayoutService(
            [account],
            files: FilesConfiguration(),
            network: network,
            downloads: 1,
            retryPolicy: .standard,
            logger: logger
        )
        guard let client = service.clients[name] else { return }
        do {
            let downloader = PayoutService.downloader(service.hosts, service.transport, logger)
            try await body(
                ServiceAccess(
                    account: account,
                    client: client,
                    downloader: downloader,
                    pollMinInterval: low,
                    pollMaxInterval: high
                )
            )
        } catch {
            await service.shutdown()
            throw error
        }
        await service.shutdown()
    }

    /// Polls an export until it is ready.
    ///
    /// - Throws: ``CommandFailure`` if the export fails, or at the time limit.
    func waitUntilReady(_ kind: PayoutKind, _ requestID: String, limit: Duration) async throws -> Export {
        let progress = ProgressLine()
        let start = ContinuousClock.now
        var wait = pollMinInterval
        while true {
            let export = try await client.get(kind: kind, requestID: requestID, correlationID: UUID())
            if export.isReady {
                progress.clear()
                return export
            }
            let elapsed = ContinuousClock.now - start
            progress.show("\(requestID) \(export.status), \(elapsed.shortText)")
            if export.status == .failed {
                progress.clear()
                throw CommandFailure("The service ended the export \(requestID) as Failed. Create a new export.")
            }
            guard elapsed < limit else {
                progress.clear()
                throw CommandFailure(
                    "The export \(requestID) is still \(export.status) after \(elapsed.shortText). It continues at the service; check it later with 'payout-worker export get --kind \(kind.rawValue) \(requestID)'."
                )
            }
            try await Task.sleep(for: wait)
            wait = min(wait * 2, pollMaxInterval)
        }
    }
}

/// The flags of every `export` command.
struct ServiceOptions: ParsableArguments {
    @OptionGroup var common: CommonOptions

    @Option(help: "Kind of export: transactionHistory or payments.")
    var kind: PayoutKind

    @Option(help: "Name of the configured account.")
    var account: String = "default"

    @OptionGroup var outputOptions: OutputOptions
}

extension PayoutKind: ExpressibleByArgument {}
extension ExportFileFormat: ExpressibleByArgument {}

/// An export in text and JSON output. The file's URL is shown without its signature unless requested.
struct ExportDocument: Encodable {
    var requestId: String
    var status: String
    var isReady: Bool
    var requested: Date?
    var processingStarted: Date?
    var filter: String?
    var file: String?
    var fileExpires: Date?

    init(_ export: Export, showsURL: Bool) {
        requestId = export.requestID
        status = export.status.description
        isReady = export.isReady
        requested = export.requestDateTime
        processingStarted = export.processingStartDateTime
        filter = export.queryString
        file = export.blobLocation.map { showsURL ? $0.unredacted : $0.description }
        fileExpires = export.blobLocation?.expiresAt
    }

    func print(isJSON: Bool) throws {
        guard !isJSON else { return Terminal.result(try JSONText.document(self)) }
        let fields: [(String, String?)] = [
            ("request", requestId), ("status", status), ("requested", requested?.formatted(.iso8601)),
            ("processing", processingStarted?.formatted(.iso8601)), ("filter", filter), ("file", file),
            ("expires", fileExpires?.formatted(.iso8601)),
        ]
        for (name, value) in fields {
            guard let value, !value.isEmpty else { continue }
            Terminal.result(TextTable.line([name, TextTable.printable(value)], widths: [10, 0]))
        }
    }
}
