import Crypto
import EntraIdentity
import HTTPAccess
@testable import ExportCore
import FileStores
import Foundation
import Logging
import PayoutAPI
import PayoutFilters
import PayoutSandbox
import Primitives
import Testing
import WorkerExports

/// The exports port against the sandbox, over a real socket.
@Suite struct ExportsClientTests {
    private struct Setup {
        var sandbox: PayoutSandbox
        var transport: HTTPTransport
        var client: ExportsClient
        var directory: URL

        func end() async throws {
            try await transport.shutdown()
            await sandbox.stop()
            try? FileManager.default.removeItem(at: directory)
        }
    }

    private func setUp(password: String? = nil, storesFiles: Bool = true) async throws -> Setup {
        let sandbox = PayoutSandbox(configuration: .instant)
        let address = try await sandbox.start()
        let environment = Dictionary(address.environment, uniquingKeysWith: { $1 })
        let transport = HTTPTransport()
        var logger = Logger(label: "tests")
        logger.logLevel = .critical
        var tokens = EntraTokenProvider.Configuration(
            tenantID: environment["PAYOUT_API_TENANT_ID"] ?? "",
            clientID: environment["PAYOUT_API_CLIENT_ID"] ?? "",
            flow: .password(
                username: environment["PAYOUT_API_USERNAME"] ?? "",
                password: Secret(password ?? environment["PAYOUT_API_PASSWORD"] ?? ""),
                clientSecret: nil
            )
        )
        tokens.authority = address.authority
        var configuration = PayoutClient.Configuration()
        configuration.baseURL = address.baseURL
        configuration.retryPolicy = .none
        let client = try PayoutClient(
            configuration: configuration,
            tokens: try EntraTokenProvider(configuration: tokens, transport: transport),
            transport: transport
        )
        let directory = FileManager.default.temporaryDirectory.appending(path: "exports-\(UUID().uuidString)")
        var downloads = BlobDownloader.Configuration()
        downloads.hosts = try BlobHostRules(patterns: address.blobHosts)
        let store = try #require(try FileStoreFactory.make(location: "file://\(directory.path)"))
        let delivery = FileDelivery(
            store: store,
            downloader: BlobDownloader(configuration: downloads, transport: transport, logger: logger),
            texts: PlainTexts()
        )
        let port = ExportsClient(
            accounts: ["default": client],
            downloads: storesFiles ? delivery : nil,
            hosts: downloads.hosts,
            logger: logger
        )
        return Setup(sandbox: sandbox, transport: transport, client: port, directory: directory)
    }

    private func call(
        _ kind: CallKind,
        _ job: ExportJob = ExportJob(id: "job-1", kind: .payments),
        attempt: Int = 1,
        requestID: String? = nil,
        url: String? = nil
    ) -> Call {
        let token = CallToken(partition: 0, epoch: 1, place: 0, callID: 1, kind: kind, account: 0)
        return Call(
            token: token,
            job: job,
            attempt: attempt,
            requestID: requestID,
            blobURL: url,
            accepted: Instant(milliseconds: 1_764_547_200_000)
        )
    }

    @Test func repeatedCreateOfOneAttemptReturnsSameExport() async throws {
        let setup = try await setUp()
        guard case .created(let first) = await setup.client.perform(call(.create), nil),
            case .created(let again) = await setup.client.perform(call(.create), nil),
            case .created(let second) = await setup.client.perform(call(.create, attempt: 2), nil)
        else {
            Issue.record("an export was not created")
            return try await setup.end()
        }
        #expect(first == again)
        #expect(first != second)
        #expect(setup.sandbox.exportCount == 2)
        try await setup.end()
    }

    @Test func downloadIsStoredUnderItsKey() async throws {
        let setup = try await setUp()
        guard case .created(let id) = await setup.client.perform(call(.create), nil),
            case .polled(.completed, let url?, let expiresAt, let requested) = await setup.client.perform(
                call(.poll, requestID: id),
                nil
            ),
            case .stored(let file) = await setup.client.perform(call(.download, requestID: id, url: url), nil)
        else {
            Issue.record("no file was delivered")
            return try await setup.end()
        }
        #expect(expiresAt != nil)
        #expect(requested != nil)
        let path = setup.directory.path + "/default/payments/2025/12/01/job-1/\(id).csv"
        #expect(file.location == "file://\(path)")
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(file.sizeBytes == Int64(bytes.count))
        #expect(file.sha256 == SHA256.hash(data: bytes).map { String(format: "%02x", $0) }.joined())
        #expect(file.mediaType == "text/csv")
        #expect(file.stored && file.expiresAt == nil)
        try await setup.end()
    }

    @Test(
        arguments: [
            "file:///etc/passwd", "http://169.254.169.254/latest/meta-data", "https://elsewhere.example/file.csv",
        ],
        [true, false]
    )
    func urlOfOtherHostIsRefused(url: String, storesFiles: Bool) async throws {
        let setup = try await setUp(storesFiles: storesFiles)
        setup.sandbox.add(.init(.blobLocation(url + "?sv=1&sig=c2VjcmV0"), on: [.get]))
        if case .created(let id) = await setup.client.perform(call(.create), nil),
            case .failed(.refusedLocation(let message)) = await setup.client.perform(call(.poll, requestID: id), nil)
        {
            for part in ["sig", "?", "c2VjcmV0", "passwd", "meta-data", "file.csv"] { #expect(!message.contains(part)) }
        } else {
            Issue.record("the URL was passed through")
        }
        try await setup.end()
    }

    /// The host of the last allowed URL is remembered; that must allow no other.
    @Test func urlOfOtherHostIsRefusedAfterAnAllowedOne() async throws {
        let setup = try await setUp(storesFiles: false)
        guard case .created(let id) = await setup.client.perform(call(.create), nil),
            case .polled(.completed, let url?, _, _) = await setup.client.perform(call(.poll, requestID: id), nil),
            let origin = WebLocation.origin(of: url)
        else {
            Issue.record("the export has no file")
            return try await setup.end()
        }
        let others = [
            "\(origin)@elsewhere.example/a", "\(origin).elsewhere.example/a", "\(origin)\\@elsewhere.example/a",
        ]
        for other in others {
            setup.sandbox.add(.init(.blobLocation(other), on: [.get], count: 1))
            let result = await setup.client.perform(call(.poll, requestID: id), nil)
            guard case .failed(.refusedLocation) = result else {
                Issue.record("\(other) was passed through: \(result)")
                continue
            }
        }
        for _ in 0..<2 {
            guard case .polled(.completed, _?, _, _) = await setup.client.perform(call(.poll, requestID: id), nil)
            else {
                Issue.record("the allowed URL was refused")
                continue
            }
        }
        try await setup.end()
    }

    @Test(arguments: [PayoutSandbox.Fault.Effect.blobPage, .blobUnframed(after: 0.5), .blobUnframed(after: 1)])
    func wrongFileIsReportedAsUnusableUntilFaultEnds(effect: PayoutSandbox.Fault.Effect) async throws {
        let setup = try await setUp()
        setup.sandbox.add(.init(effect, count: 2))
        guard case .created(let id) = await setup.client.perform(call(.create), nil),
            case .polled(.completed, let url?, _, _) = await setup.client.perform(call(.poll, requestID: id), nil)
        else {
            Issue.record("the export has no file")
            return try await setup.end()
        }
        let download = call(.download, requestID: id, url: url)
        guard case .failed(.unusableFile(let message)) = await setup.client.perform(download, nil) else {
            Issue.record("a wrong file was stored")
            return try await setup.end()
        }
        #expect(!message.contains("sig="))
        #expect(setup.sandbox.stats.downloads + setup.sandbox.stats.faults.values.reduce(0, +) >= 2)
        #expect(
            !FileManager.default.fileExists(
                atPath: setup.directory.path + "/default/payments/2025/12/01/job-1/\(id).csv"
            )
        )
        // The fault has ended.
        guard case .stored = await setup.client.perform(download, nil) else {
            Issue.record("the right file was not stored")
            return try await setup.end()
        }
        try await setup.end()
    }

    /// The core then polls, within the account's budget.
    @Test func expiredURLThatCannotBeRefreshedIsReportedAsExpired() async throws {
        let setup = try await setUp()
        let unknown = UUID().uuidString.lowercased()
        let url = "https://files.blob.core.windows.net/exports/a.csv?se=2020-01-01T00%3A00%3A00Z&sig=s"
        let result = await setup.client.perform(call(.download, requestID: unknown, url: url), nil)
        if case .urlExpired = result {} else { Issue.record("\(result)") }
        try await setup.end()
    }

    @Test func transferOfCancelledTaskIsAbandoned() async throws {
        let setup = try await setUp()
        setup.sandbox.add(.init(.blobTrickles(.milliseconds(20)), on: [.blob]))
        guard case .created(let id) = await setup.client.perform(call(.create), nil),
            case .polled(.completed, let url?, _, _) = await setup.client.perform(call(.poll, requestID: id), nil)
        else {
            Issue.record("the export has no file")
            return try await setup.end()
        }
        let (client, download) = (setup.client, call(.download, requestID: id, url: url))
        let transfer = Task { await client.perform(download, nil) }
        while setup.sandbox.stats.downloads == 0 { await Task.yield() }
        transfer.cancel()
        if case .failed(.abandoned) = await transfer.value {} else { Issue.record("the transfer was not abandoned") }
        try await setup.end()
    }

    @Test func serviceErrorsAreClassified() async throws {
        let setup = try await setUp()
        let client = setup.client
        guard case .notFound = await client.perform(call(.poll, requestID: UUID().uuidString.lowercased()), nil) else {
            Issue.record("an unknown export was found")
            return try await setup.end()
        }
        setup.sandbox.add(
            .init(.status(429, body: .flat, retryAfter: .seconds(7), afterEffect: false), on: [.create], count: 1)
        )
        guard case .failed(.throttled(retryAfter: .seconds(7))) = await client.perform(call(.create), nil) else {
            Issue.record("429 was not classified as throttled")
            return try await setup.end()
        }
        setup.sandbox.add(
            .init(.status(503, body: .html, retryAfter: nil, afterEffect: false), on: [.create], count: 1)
        )
        guard case .failed(.transient) = await client.perform(call(.create), nil) else {
            Issue.record("503 was not classified as transient")
            return try await setup.end()
        }
        setup.sandbox.add(
            .init(.status(400, body: .nested, retryAfter: nil, afterEffect: false), on: [.create], count: 1)
        )
        guard case .failed(.refused(let message)) = await client.perform(call(.create), nil) else {
            Issue.record("400 was not classified as refused")
            return try await setup.end()
        }
        #expect(message.contains("400"))
        try await setup.end()
    }

    @Test func invalidCredentialsAreAccountProblems() async throws {
        let setup = try await setUp(password: "wrong")
        guard case .failed(.account(.refused(let message))) = await setup.client.perform(call(.create), nil) else {
            Issue.record("invalid credentials were not classified as an account problem")
            return try await setup.end()
        }
        #expect(message.contains("50126"))
        #expect(!message.contains("wrong\""))
        var other = ExportJob(id: "job-2", kind: .payments)
        other.account = "unheard-of"
        guard case .failed(.account(.locked)) = await setup.client.perform(call(.create, other), nil) else {
            Issue.record("an account that is not configured was used")
            return try await setup.end()
        }
        try await setup.end()
    }
}
