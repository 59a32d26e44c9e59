import HTTPStandIns
import Synchronization
import Testing
import TestSupport

@testable import PayoutAPI

/// Downloads with a wrong checksum, a failing consumer, or a cancelled task.
extension BlobDownloaderTests {
    @Test func wrongChecksumRestartsTheDownloadAndIsReported() async throws {
        try await withStub({ _, _ in
            .bytes(200, headers: [("etag", "\"v1\""), ("content-md5", Self.md5([1]))], body: Self.content)
        }) { server, transport in
            let consumer = MemoryConsumer()
            let error = try await failure(of: BlobDownloadError.self) {
                try await Self.downloader(transport, attempts: 3).download(Self.url(server), to: consumer)
            }
            #expect(error.code == "corrupted")
            #expect(error.description.contains("MD5"))
            #expect(server.requests.count == 3)
            #expect(server.requests.allSatisfy { $0.header("range") == nil })
            #expect(consumer.restarts == 2)
        }
    }

    @Test func checksumIsVerifiedAfterAResumption() async throws {
        try await withStub({ request, index in
            index == 0
                ? .broken(
                    200,
                    headers: [("etag", "\"v1\""), ("content-md5", Self.md5(Self.content))],
                    announced: Self.content.count,
                    body: Array(Self.content[..<70_000])
                )
                : Self.ranged(request)
        }) { server, transport in
            let consumer = MemoryConsumer()
            _ = try await Self.downloader(transport).download(Self.url(server), to: consumer)
            #expect(consumer.bytes == Self.content)
            #expect(server.requests.count == 2)
        }
    }

    // MARK: - The consumer

    @Test func errorOfTheConsumerEndsTheDownload() async throws {
        try await withStub({ _, _ in .bytes(200, body: Self.content) }) { server, transport in
            await #expect(throws: MemoryConsumer.Failure.self) {
                try await Self.downloader(transport).download(Self.url(server), to: MemoryConsumer(failsAfter: 10))
            }
            #expect(server.requests.count == 1)
        }
    }

    @Test func cancellationEndsTheDownload() async throws {
        try await withStub({ _, _ in
            .stalled(200, headers: [], announced: 5000, body: Array(Self.content[..<3000]))
        }) { server, transport in
            let downloader = try Self.downloader(transport)
            let consumer = MemoryConsumer()
            let url = Self.url(server)
            let task = Task { try await downloader.download(url, to: consumer) }
            try await eventually { consumer.bytes.count == 3000 }
            task.cancel()
            let result = await task.result
            #expect(throws: CancellationError.self) { try result.get() }
        }
    }
}
