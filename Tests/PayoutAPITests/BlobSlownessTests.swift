import HTTPAccess
import HTTPStandIns
import Synchronization
import Testing
import TestSupport

@testable import PayoutAPI

/// Downloads below the minimum rate.
@Suite struct BlobSlownessTests {
    @Test func slowFileIsReportedAtTheFirstAttempt() async throws {
        try await withStub({ _, _ in
            .stalled(
                200,
                headers: [("etag", "\"v1\"")],
                announced: 100_000,
                body: Array(BlobDownloaderTests.content[..<2000])
            )
        }) { server, transport in
            let clock = ManualClock()
            var configuration = BlobDownloader.Configuration()
            configuration.hosts = try BlobHostRules(patterns: [], allowsLoopback: true)
            configuration.maximumSlowAttempts = 1
            // The time-out is so long that the rate ends the attempt, however far the clock advances before the watch wakes.
            configuration.stallTimeout = .seconds(100_000_000)
            let environment = HTTPEnvironment(clock: clock, random: { 0 })
            let downloader = BlobDownloader(
                configuration: configuration,
                transport: transport,
                environment: environment
            )
            let consumer = MemoryConsumer()
            let url = BlobDownloaderTests.url(server)
            let isOver = Mutex(false)
            let task = Task {
                defer { isOver.withLock { $0 = true } }
                return try await downloader.download(url, to: consumer)
            }
            try await eventually { consumer.bytes.count == 2000 }
            try await eventually {
                clock.advance(by: .seconds(11))
                return isOver.withLock { $0 }
            }
            let error = try await failure(of: BlobDownloadError.self) { try await task.value }
            #expect(error.reason == .tooSlow)
            #expect(error.recovery == .retryable)
            #expect(server.requests.count == 1)
        }
    }
}
