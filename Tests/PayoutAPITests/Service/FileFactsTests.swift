import Foundation
import HTTPStandIns
import PayoutFilters
import PayoutSandbox
import Testing

@testable import PayoutAPI

/// The documented facts about files, each tested with the sandbox over a socket.
@Suite struct FileFactsTests {
    typealias Fault = PayoutSandbox.Fault

    private struct Fetched {
        var blob: DownloadedBlob
        var consumer: MemoryConsumer
    }

    private func fetch(_ fixture: SandboxFixture, stall: Duration = .seconds(300), attempts: Int = 5) async throws
        -> Fetched
    {
        let client = try fixture.client()
        let created = try await client.create(kind: .payments, idempotencyID: UUID(), correlationID: UUID())
        let look: @Sendable () async throws -> Export = {
            try await client.get(kind: .payments, requestID: created.requestID, correlationID: UUID())
        }
        let consumer = MemoryConsumer()
        let url = try #require(try await look().blobLocation)
        let blob = try await fixture.downloader(stall: stall, attempts: attempts).download(url, to: consumer) {
            try await look().blobLocation ?? url
        }
        #expect(blob.size == Int64(consumer.bytes.count))
        #expect(blob.sha256 == BlobDownloaderTests.sha256(consumer.bytes))
        #expect(fixture.sandbox.stats.authorizationLeaks == 0)
        return Fetched(blob: blob, consumer: consumer)
    }

    @Test(arguments: [PayoutSandbox.BlobBehaviour.Form.plain, .zip], [0, 1024 * 1024])
    func fileIsDownloadedUnchanged(form: PayoutSandbox.BlobBehaviour.Form, md5Limit: Int) async throws {
        try await SandboxFixture.with {
            $0.blobs.form = form
            $0.blobs.size = .fixed(300_000)
            $0.blobs.contentMD5Limit = md5Limit
        } _: { fixture in
            let fetched = try await fetch(fixture)
            let isArchive = fetched.consumer.bytes.starts(with: Array("PK\u{3}\u{4}".utf8))
            #expect(isArchive == (form == .zip))
            #expect(fetched.consumer.restarts == 0)
        }
    }

    @Test(arguments: [
        Fault.Effect.blobBreaks(after: 0), .blobBreaks(after: 0.5), .blobBreaks(after: 0.99), .closed, .status(500),
        .status(503, body: .empty, retryAfter: .seconds(0)), .status(429), .expiredURL, .wrongMD5,
    ])
    func faultyDownloadIsRetriedToTheEnd(effect: Fault.Effect) async throws {
        try await SandboxFixture.with {
            $0.blobs.size = .fixed(300_000)
            $0.faults = [Fault(effect, on: [.blob], count: 2)]
        } _: { fixture in
            let fetched = try await fetch(fixture)
            #expect(fetched.blob.size == 300_000)
            // Bytes received before a break are not downloaded again.
            if case .blobBreaks(let share) = effect, share > 0 { #expect(fetched.consumer.restarts == 0) }
        }
    }

    /// On a slow machine other attempts time out as well; each continues where the one before ended.
    @Test func stalledTransferEndsAndTheNextOneContinuesIt() async throws {
        try await SandboxFixture.with {
            $0.blobs.size = .fixed(300_000)
            $0.faults = [Fault(.blobStalls(.seconds(3600)), on: [.blob], count: 1)]
        } _: { fixture in
            let fetched = try await fetch(fixture, stall: .seconds(5), attempts: 10_000)
            #expect(fetched.blob.size == 300_000)
            #expect(fetched.consumer.restarts == 0)
        }
    }

    @Test func expiredURLIsReplaced() async throws {
        try await SandboxFixture.with({ $0.blobs.urlLifetime = .zero }) { fixture in
            // The first URL's expiry is past. The second URL's is past too, so the storage is asked and refuses.
            let error = try await failure(of: BlobDownloadError.self) { try await fetch(fixture) }
            #expect(error.reason == .expired)
            #expect(fixture.sandbox.stats.total(.get) > 1)
            fixture.sandbox.updateBlobs { $0.urlLifetime = .seconds(3600) }
            _ = try await fetch(fixture)
        }
    }
}
