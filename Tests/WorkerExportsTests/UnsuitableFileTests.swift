import FileStores
import HTTPAccess
import HTTPStandIns
import PayoutAPI
import Primitives
import Testing

@testable import ExportCore
@testable import WorkerExports
@testable import WorkerRuntime

/// Files that are no exports, and those that only look so.
@Suite struct UnsuitableFileTests {
    private func deliver(_ body: [UInt8]) async throws -> (CallResult, MemoryStore) {
        let server = try await StubServer { _, _ in
            .bytes(200, headers: [("content-type", "application/octet-stream")], body: body)
        }
        let transport = HTTPTransport()
        var configuration = BlobDownloader.Configuration()
        configuration.hosts = try BlobHostRules(patterns: ["127.0.0.1"], allowsLoopback: true)
        let store = MemoryStore()
        let delivery = FileDelivery(
            store: store,
            downloader: BlobDownloader(configuration: configuration, transport: transport),
            texts: PlainTexts()
        )
        let call = Call(
            token: CallToken(partition: 0, epoch: 1, place: 0, callID: 1, kind: .download, account: 0),
            job: ExportJob(id: "job-1", kind: .payments),
            attempt: 1,
            requestID: "93c2b3cf-c6d8-4e7e-ade1-007768a6eba4",
            blobURL: nil,
            accepted: Instant(milliseconds: 0)
        )
        let result = await delivery.deliver(call, from: server.url + "/f.csv", Transfer(), freshURL: { nil })
        try await transport.shutdown()
        await server.stop()
        return (result, store)
    }

    private static let others: [[UInt8]] = [
        Array("%PDF-1.7\n1 0 obj <<>> stream \u{0}\u{1}".utf8),
        // Text in UTF-16 needs a byte order mark.
        "paymentId,earned\n".utf16.flatMap { [UInt8($0), 0] },
        [0xFF, 0xD8, 0xFF, 0xE0] + [UInt8](repeating: 0, count: 100_000),
    ]

    @Test(arguments: others)
    func fileThatIsNeitherTextNorArchiveIsRefused(_ body: [UInt8]) async throws {
        let (result, store) = try await deliver(body)
        guard case .failed(.unusableFile(let message)) = result else {
            Issue.record("\(result)")
            return
        }
        let signature = Hexadecimal.encoded(body.prefix(8))
        #expect(message == "unsuitable: payments 93c2b3cf-c6d8-4e7e-ade1-007768a6eba4 \(signature)")
        #expect(store.files.isEmpty)
        #expect(store.aborted == 1)
    }

    private struct Sample: Sendable {
        var body: [UInt8]
        var hasContent = true
    }

    private static let exports: [String: Sample] = [
        "archive": Sample(body: [0x50, 0x4B, 0x03, 0x04] + [UInt8](repeating: 0, count: 10_000), hasContent: false),
        "gzip": Sample(body: [0x1F, 0x8B, 0x08, 0x00] + [UInt8](repeating: 7, count: 100), hasContent: false),
        "empty": Sample(body: []),
        "one column": Sample(body: Array("paymentId\n1\n".utf8)),
        // Only the beginning of a file decides.
        "zeros behind": Sample(body: Array(String(repeating: "a,b\n", count: 3_000).utf8) + [0, 1]),
        "UTF-16": Sample(body: [0xFF, 0xFE] + "a,b\n".utf16.flatMap { [UInt8($0), 0] }),
    ]

    @Test(arguments: exports.keys.sorted())
    func textAndArchivesAreStored(_ name: String) async throws {
        let sample = try #require(Self.exports[name])
        let (result, store) = try await deliver(sample.body)
        guard case .stored(let file) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(store.files[file.location] == sample.body)
        #expect((file.content != nil) == sample.hasContent)
    }
}
