@testable import ExportCore
@testable import FileStores
import EntraIdentity
import Foundation
import HTTPAccess
import Logging
import NIOCore
import PayoutAPI
import PayoutFilters
import PayoutSandbox
import Primitives
import Synchronization
import Testing
@testable import WorkerExports
@testable import WorkerRuntime

@Suite("Delivery of files")
struct FileDeliveryTests {
    private let store = MemoryStore()

    private static let unavailable = FileStoreError(
        .unavailable,
        action: "put",
        path: "s3://memory/x",
        detail: "HTTP 503"
    )
    private static let forbidden = FileStoreError(.forbidden, action: "put", path: "s3://memory/x")
    private static let tooLong = FileStoreError(.nameTooLong, action: "put", path: "s3://memory/x")
    private static let lost = FileStoreError(.uploadLost, action: "put", path: "s3://memory/x")
    private static let cancelled = FileStoreError(.cancelled, action: "put", path: "s3://memory/x")

    private func with(
        template: FileKeyTemplate = .standard,
        _ body: (FileDelivery, Call, String) async throws -> Void
    ) async throws {
        let sandbox = PayoutSandbox(configuration: .instant)
        let address = try await sandbox.start()
        let environment = Dictionary(address.environment, uniquingKeysWith: { $1 })
        let transport = HTTPTransport()
        var tokens = EntraTokenProvider.Configuration(
            tenantID: environment["PAYOUT_API_TENANT_ID"] ?? "",
            clientID: environment["PAYOUT_API_CLIENT_ID"] ?? "",
            flow: .password(
                username: environment["PAYOUT_API_USERNAME"] ?? "",
                password: Secret(environment["PAYOUT_API_PASSWORD"] ?? ""),
                clientSecret: nil
            )
        )
        tokens.authority = address.authority
        var configuration = PayoutClient.Configuration()
        configuration.baseURL = address.baseURL
        let client = try PayoutClient(
            configuration: configuration,
            tokens: try EntraTokenProvider(configuration: tokens, transport: transport),
            transport: transport
        )
        var downloads = BlobDownloader.Configuration()
        downloads.hosts = try BlobHostRules(patterns: address.blobHosts)
        let downloader = BlobDownloader(configuration: downloads, transport: transport, logger: nil)
        let delivery = FileDelivery(store: store, downloader: downloader, texts: PlainTexts(), template: template)
        let export = try await client.create(
            kind: .payments,
            filter: nil,
            idempotencyID: UUID(),
            correlationID: UUID()
        )
        let seen = try await client.get(kind: .payments, requestID: export.requestID, correlationID: UUID())
        let call = Call(
            token: CallToken(partition: 0, epoch: 1, place: 0, callID: 1, kind: .download, account: 0),
            job: ExportJob(id: "job-1", kind: .payments),
            attempt: 1,
            requestID: export.requestID,
            blobURL: nil,
            accepted: Instant(milliseconds: 1_764_547_200_000)
        )
        try await body(delivery, call, try #require(seen.blobLocation?.unredacted))
        try await transport.shutdown()
        await sandbox.stop()
    }

    @Test func periodAndMetadataOfTheJobArePartsOfTheKey() async throws {
        let template = try FileKeyTemplate("{metadata.team}/{period.from}_{period.to}/{jobId}.{extension}")
        try await with(template: template) { delivery, call, url in
            var selected = call
            selected.job.filter = "payoutStatusUpdateTS ge 2026-10-01 and payoutStatusUpdateTS lt 2026-11-01"
            selected.job.metadataJSON = #"{"team":"a/b"}"#
            for (call, path) in [(selected, "a%2Fb/2026-10-01_2026-11-01/job-1.csv"), (call, "_/___/job-1.csv")] {
                guard case .stored(let file) = await delivery.deliver(call, from: url, Transfer(), freshURL: { nil })
                else {
                    Issue.record("the file was not stored")
                    return
                }
                #expect(file.location.hasSuffix(path), "\(file.location)")
            }
        }
    }

    @Test func storedFileIsReportedAndCounted() async throws {
        try await with { delivery, call, url in
            guard case .stored(let file) = await delivery.deliver(call, from: url, Transfer(), freshURL: { nil }) else {
                Issue.record("the file was not stored")
                return
            }
            let bytes = try #require(store.files[file.location])
            #expect(file.sizeBytes == Int64(bytes.count))
            #expect(file.sha256 == sha256Hexadecimal(bytes))
            let text = try #require(String(validating: bytes, as: UTF8.self))
            let lines = text.drop { $0 == "\u{FEFF}" }.split { $0.isNewline }
            #expect(file.content?.rows == Int64(lines.count - 1))
            #expect(file.content?.columns == lines[0].split(separator: ",").map(String.init))
            #expect(file.content?.headerSHA256 == sha256Hexadecimal(Array(lines[0].utf8)))
            #expect(file.content?.encoding == "utf-8")
            let status = delivery.activity.status
            #expect(status.storedFiles == 1)
            #expect(status.storedBytes == file.sizeBytes)
            #expect(status.transfers.isEmpty)
            #expect(store.aborted == 0)
        }
    }

    @Test func errorOfStorePausesDownloadsAndNamesFile() async throws {
        try await with { delivery, call, url in
            let cases: [MemoryStore.Faults] = [
                .init(begin: Self.unavailable), .init(write: Self.forbidden), .init(finish: Self.unavailable),
            ]
            for faults in cases {
                store.faults = faults
                let result = await delivery.deliver(call, from: url, Transfer(), freshURL: { nil })
                guard case .failed(.storeUnavailable(let message)) = result else {
                    Issue.record("\(result)")
                    return
                }
                #expect(message.contains("s3://memory/x"))
                #expect(delivery.activity.status.transfers.isEmpty)
            }
            #expect(store.files.isEmpty)
            // Every upload that was started was aborted.
            #expect(store.aborted == 2)
            store.faults = .init()
            guard case .stored = await delivery.deliver(call, from: url, Transfer(), freshURL: { nil }) else {
                Issue.record("the repaired store accepts no file")
                return
            }
        }
    }

    @Test func errorOfOneFileIsTransient() async throws {
        try await with { delivery, call, url in
            store.faults = .init(begin: Self.tooLong)
            guard case .failed(.transient) = await delivery.deliver(call, from: url, Transfer(), freshURL: { nil })
            else {
                Issue.record("the failure is not transient")
                return
            }
        }
    }

    @Test func suspendedTransferStoresNothingUntilItIsResumed() async throws {
        try await with { delivery, call, url in
            let transfer = Transfer()
            transfer.suspend()
            let result = Task { await delivery.deliver(call, from: url, transfer, freshURL: { nil }) }
            while delivery.activity.status.transfers.first?.isWaiting != true { await Task.yield() }
            #expect(delivery.activity.status.transfers.map(\.receivedBytes) == [0])
            transfer.resume()
            if case .stored = await result.value {} else { Issue.record("the file was not stored") }
        }
    }

    @Test func suspendedTransferThatIsCancelledIsAbandoned() async throws {
        try await with { delivery, call, url in
            let transfer = Transfer()
            transfer.suspend()
            let result = Task { await delivery.deliver(call, from: url, transfer, freshURL: { nil }) }
            while delivery.activity.status.transfers.first?.isWaiting != true { await Task.yield() }
            result.cancel()
            if case .failed(.abandoned) = await result.value {} else { Issue.record("the transfer was not abandoned") }
            #expect(store.aborted == 1)
        }
    }

    @Test func cancelledUploadIsAbandoned() async throws {
        try await with { delivery, call, url in
            store.faults = .init(write: Self.cancelled)
            guard case .failed(.abandoned) = await delivery.deliver(call, from: url, Transfer(), freshURL: { nil })
            else {
                Issue.record("the transfer was not abandoned")
                return
            }
        }
    }

    // MARK: Manifests

    @Test func manifestIsStoredUnderItsBatchAndReplaced() async throws {
        try await with { delivery, _, _ in
            let document = Array(#"{"batchId":"fy26"}"#.utf8)
            for _ in 0..<2 {
                let result = await delivery.store(BatchManifest(batchID: "fy26", document: document))
                guard case .stored(let file) = result else {
                    Issue.record("the manifest was not stored: \(result)")
                    return
                }
                #expect(file.location == "s3://memory/_batch/fy26.json")
                #expect(file.fileName == "fy26.json")
                #expect(file.sha256 == sha256Hexadecimal(document))
                #expect(store.files == [file.location: document])
            }
            // Ids have the characters of job ids, so a name is never a path.
            _ = await delivery.store(BatchManifest(batchID: "..", document: document))
            #expect(
                store.files.keys.sorted() == [
                    "s3://memory/_batch/%2E..json", "s3://memory/_batch/fy26.json",
                ]
            )
        }
    }

    /// A store that may refuse the folder of manifests alone says nothing about the files of exports.
    @Test func manifestFailsAsFilesDoUnlessItsKeyMayBeTheReason() async throws {
        try await with { delivery, _, _ in
            func failure(_ faults: MemoryStore.Faults) async -> CallFailure? {
                store.faults = faults
                let result = await delivery.store(BatchManifest(batchID: "fy26", document: [1]))
                if case .failed(let failure) = result { return failure } else { return nil }
            }
            let unavailable = CallFailure.storeUnavailable(message: PlainTexts().sentence(for: Self.unavailable))
            #expect(await failure(.init(finish: Self.unavailable)) == unavailable)
            #expect(store.aborted == 1)
            #expect(
                await failure(.init(write: Self.lost)) == .transient(message: PlainTexts().sentence(for: Self.lost))
            )
            #expect(await failure(.init(begin: Self.cancelled)) == .abandoned)
            for refusal in [Self.forbidden, Self.tooLong] {
                #expect(await failure(.init(begin: refusal)) == .refused(message: PlainTexts().sentence(for: refusal)))
            }
        }
    }
}
