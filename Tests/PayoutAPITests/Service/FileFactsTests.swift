import Foundation
import PayoutFilters
import PayoutSandbox
import Testing

@testable import PayoutAPI

/// What is known of the files, over a socket.
@Suite struct FileFactsTests {
    typealias Fault = PayoutSandbox.Fault

    private struct Fetched {
        var blob: DownloadedBlob
        var consumer: MemoryConsumer
    }

    private func fetch(_ stage: SandboxStage, stall: Duration = .seconds(20)) async throws -> Fetched {
        let client = try stage.client()
        let created = try await client.create(kind: .payments, idempotencyID: UUID(), correlationID: UUID())
        let look: @Sendable () async throws -> Export = {
            try await client.get(kind: .payments, requestID: created.requestID, correlationID: UUID())
        }
        let consumer = MemoryConsumer()
        let url = try #require(try await look().blobLocation)
        let blob = try await stage.downloader(stall: stall).download(url, to: consumer) {
            try await look().blobLocation ?? url
        }
        #expect(blob.size == Int64(consumer.bytes.count))
        #expect(blob.sha256 == BlobDownloaderTests.sha256(consumer.bytes))
        #expect(stage.sandbox.stats.authorizationLeaks == 0)
        return Fetched(blob: blob, consumer: consumer)
    }

    @Test(arguments: [PayoutSandbox.BlobBehaviour.Form.plain, .zip], [0, 1024 * 1024])
    func aFileIsFetchedAsItIs(form: PayoutSandbox.BlobBehaviour.Form, md5Limit: Int) async throws {
        try await SandboxStage.with {
            $0.blobs.form = form
            $0.blobs.size = .fixed(300_000)
            $0.blobs.contentMD5Limit = md5Limit
        } _: { stage in
            let fetched = try await fetch(stage)
            let isArchive = fetched.consumer.bytes.starts(with: Array("PK\u{3}\u{4}".utf8))
            #expect(isArchive == (form == .zip))
            #expect(fetched.consumer.restarts == 0)
        }
    }

    @Test(arguments: [
        Fault.Effect.blobBreaks(after: 0), .blobBreaks(after: 0.5), .blobBreaks(after: 0.99), .closed, .status(500),
        .status(503, body: .empty, retryAfter: .seconds(0)), .status(429), .expiredURL, .wrongMD5,
    ])
    func whatGoesWrongIsMended(effect: Fault.Effect) async throws {
        try await SandboxStage.with {
            $0.blobs.size = .fixed(300_000)
            $0.faults = [Fault(effect, on: [.blob], count: 2)]
        } _: { stage in
            let fetched = try await fetch(stage)
            #expect(fetched.blob.size == 300_000)
            // What had come before a break is not fetched a second time.
            if case .blobBreaks(let share) = effect, share > 0 { #expect(fetched.consumer.restarts == 0) }
        }
    }

    @Test func aStalledFileIsGivenUpAndGoneOnWith() async throws {
        try await SandboxStage.with {
            $0.blobs.size = .fixed(300_000)
            $0.faults = [Fault(.blobStalls(.seconds(3600)), on: [.blob], count: 1)]
        } _: { stage in
            let fetched = try await fetch(stage, stall: .milliseconds(300))
            #expect(fetched.blob.size == 300_000)
            #expect(fetched.consumer.restarts == 0)
        }
    }

    @Test func anExpiredURLIsReplaced() async throws {
        try await SandboxStage.with({ $0.blobs.urlLifetime = .zero }) { stage in
            // The first URL has expired by its own word; the second one as well, so the storage is asked and refuses.
            let error = try await failure(of: BlobDownloadError.self) { try await fetch(stage) }
            #expect(error.reason == .expired)
            #expect(stage.sandbox.stats.total(.get) > 1)
            stage.sandbox.updateBlobs { $0.urlLifetime = .seconds(3600) }
            _ = try await fetch(stage)
        }
    }
}
