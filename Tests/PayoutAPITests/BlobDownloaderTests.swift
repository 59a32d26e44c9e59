import Crypto
import Foundation
import HTTPAccess
import HTTPStandIns
import NIOCore
import Synchronization
import Testing
import TestSupport

@testable import PayoutAPI

/// Downloads that succeed, continue after an interruption, or end after failed attempts. Other suites use its helpers.
@Suite struct BlobDownloaderTests {
    static let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 251) }

    static func sha256(_ bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).map { String(format: "%02x", $0) }.joined()
    }

    static func md5(_ bytes: [UInt8]) -> String {
        Data(Insecure.MD5.hash(data: bytes)).base64EncodedString()
    }

    /// The part of the content that a request asks for.
    static func ranged(_ request: StubRequest, etag: String = "\"v1\"") -> StubReply {
        guard let range = request.header("range"), request.header("if-range") == etag,
            let start = Int(range.dropFirst(6).dropLast())
        else { return .bytes(200, headers: [("etag", etag)], body: self.content) }
        return .bytes(
            206,
            headers: [
                ("etag", etag), ("content-range", "bytes \(start)-\(self.content.count - 1)/\(self.content.count)"),
            ],
            body: Array(self.content[start...])
        )
    }

    static func broken(at count: Int, etag: String = "\"v1\"") -> StubReply {
        .broken(200, headers: [("etag", etag)], announced: self.content.count, body: Array(self.content[..<count]))
    }

    static func downloader(
        _ transport: HTTPTransport,
        patterns: [String] = [],
        allowsLoopback: Bool = true,
        stall: Duration = .seconds(300),
        attempts: Int = 5,
        clock: any HTTPClock = SystemHTTPClock(),
        logger: LogCapture? = nil
    ) throws -> BlobDownloader {
        var configuration = BlobDownloader.Configuration()
        configuration.hosts = try BlobHostRules(patterns: patterns, allowsLoopback: allowsLoopback)
        configuration.stallTimeout = stall
        configuration.maximumAttempts = attempts
        return BlobDownloader(
            configuration: configuration,
            transport: transport,
            environment: HTTPEnvironment(clock: clock, random: { 0 }),
            logger: logger?.logger
        )
    }

    static func url(
        _ server: StubServer,
        path: String = "/exports/file%20one.csv",
        expires: String = "2099-01-01T00:00:00Z"
    ) -> SASURL {
        SASURL(
            "\(server.url)\(path)?sv=2020-10-02&se=\(expires.replacingOccurrences(of: ":", with: "%3A"))&sr=b&sp=r&sig=c2VjcmV0%3D"
        )
    }

    @Test func fileIsDeliveredWithItsFacts() async throws {
        try await withStub({ _, _ in
            .bytes(
                200,
                headers: [("etag", "\"v1\""), ("content-type", "text/csv"), ("content-md5", Self.md5(Self.content))],
                body: Self.content
            )
        }) { server, transport in
            let consumer = MemoryConsumer()
            let blob = try await Self.downloader(transport).download(Self.url(server), to: consumer)
            #expect(consumer.bytes == Self.content)
            #expect(blob.size == Int64(Self.content.count))
            #expect(blob.sha256 == Self.sha256(Self.content))
            #expect(blob.md5 == Array(Insecure.MD5.hash(data: Self.content)))
            #expect(blob.etag == "\"v1\"")
            #expect(blob.contentType == "text/csv")
            #expect(blob.fileName == "file one.csv")
            #expect(consumer.begun.map(\.expectedSize) == [Int64(Self.content.count)])
            let request = try #require(server.requests.first)
            #expect(request.header("authorization") == nil)
            #expect(request.header("range") == nil)
            #expect(request.uri.hasSuffix("&sig=c2VjcmV0%3D"))
        }
    }

    @Test func emptyFileIsDelivered() async throws {
        try await withStub({ _, _ in .bytes(200, body: []) }) { server, transport in
            let consumer = MemoryConsumer()
            let blob = try await Self.downloader(transport).download(Self.url(server), to: consumer)
            #expect(blob.size == 0)
            #expect(blob.sha256 == Self.sha256([]))
            #expect(blob.md5 == nil, "the server announced none")
            #expect(consumer.begun.count == 1)
        }
    }

    @Test func closuresReceiveTheFile() async throws {
        try await withStub({ _, _ in .bytes(200, body: Self.content) }) { server, transport in
            let count = Mutex(0)
            _ = try await Self.downloader(transport).download(
                Self.url(server),
                onRestart: {},
                onChunk: { chunk in count.withLock { $0 += chunk.readableBytes } }
            )
            #expect(count.withLock { $0 } == Self.content.count)
        }
    }

    // MARK: - Continuing

    @Test func brokenDownloadContinuesAtTheSameByte() async throws {
        try await withStub({ request, index in
            index == 0 ? Self.broken(at: 100_000) : Self.ranged(request)
        }) { server, transport in
            let consumer = MemoryConsumer()
            let blob = try await Self.downloader(transport).download(Self.url(server), to: consumer)
            #expect(consumer.bytes == Self.content)
            #expect(blob.sha256 == Self.sha256(Self.content))
            #expect(consumer.restarts == 0)
            #expect(consumer.begun.count == 1)
            #expect(server.requests.count == 2)
            #expect(server.requests[1].header("range")?.hasPrefix("bytes=") == true)
            #expect(server.requests[1].header("if-range") == "\"v1\"")
        }
    }

    @Test func serverWithoutRangesIsReadAgainWithoutRepeatedBytes() async throws {
        try await withStub({ _, index in
            index == 0 ? Self.broken(at: 100_000) : .bytes(200, headers: [("etag", "\"v1\"")], body: Self.content)
        }) { server, transport in
            let consumer = MemoryConsumer()
            let blob = try await Self.downloader(transport).download(Self.url(server), to: consumer)
            #expect(consumer.bytes == Self.content)
            #expect(blob.sha256 == Self.sha256(Self.content))
            #expect(consumer.restarts == 0)
        }
    }

    @Test(arguments: [200, 206, 412, 416])
    func changedFileBeginsAgain(status: Int) async throws {
        let other = Array(Self.content.reversed())
        try await withStub({ request, index in
            switch index {
            case 0: return Self.broken(at: 100_000)
            case 1 where status == 206:
                return .bytes(
                    206,
                    headers: [("etag", "\"v2\""), ("content-range", "bytes 5-9/10")],
                    body: [1, 2, 3, 4, 5]
                )
            case 1 where status >= 400: return .answer(status)
            default: return .bytes(200, headers: [("etag", "\"v2\"")], body: other)
            }
        }) { server, transport in
            let consumer = MemoryConsumer()
            let blob = try await Self.downloader(transport).download(Self.url(server), to: consumer)
            #expect(consumer.bytes == other)
            #expect(blob.sha256 == Self.sha256(other))
            #expect(blob.etag == "\"v2\"")
            #expect(consumer.restarts == 1)
            #expect(consumer.begun.count == 2)
        }
    }

    @Test(arguments: ["", "W/\"v1\""])
    func fileWithoutAStrongTagBeginsAgain(etag: String) async throws {
        try await withStub({ _, index in
            let headers = etag.isEmpty ? [] : [("etag", etag)]
            return index == 0
                ? .broken(200, headers: headers, announced: Self.content.count, body: Array(Self.content[..<9000]))
                : .bytes(200, headers: headers, body: Self.content)
        }) { server, transport in
            let consumer = MemoryConsumer()
            _ = try await Self.downloader(transport).download(Self.url(server), to: consumer)
            #expect(consumer.bytes == Self.content)
            #expect(consumer.restarts == 1)
            #expect(server.requests[1].header("range") == nil)
        }
    }

    @Test func failedAttemptsAreBounded() async throws {
        try await withStub({ _, _ in .close }) { server, transport in
            let error = try await failure(of: BlobDownloadError.self) {
                try await Self.downloader(transport, attempts: 3).download(Self.url(server), to: MemoryConsumer())
            }
            #expect(error.reason == .transport(.closed))
            #expect(error.recovery == .retryable)
            #expect(server.requests.count == 3)
        }
    }

    @Test func singleAttemptIsNotRetried() async throws {
        try await withStub({ _, _ in .answer(503) }) { server, transport in
            let error = try await failure(of: BlobDownloadError.self) {
                try await Self.downloader(transport, attempts: 1).download(Self.url(server), to: MemoryConsumer())
            }
            #expect(error.reason == .unavailable)
            #expect(server.requests.count == 1)
        }
    }

    @Test func stalledDownloadEndsAndTheNextAttemptContinues() async throws {
        try await withStub({ request, index in
            index == 0
                ? .stalled(
                    200,
                    headers: [("etag", "\"v1\"")],
                    announced: Self.content.count,
                    body: Array(Self.content[..<5000])
                )
                : Self.ranged(request)
        }) { server, transport in
            let clock = ManualClock()
            let log = LogCapture()
            let consumer = MemoryConsumer()
            let downloader = try Self.downloader(transport, stall: .seconds(60), clock: clock, logger: log)
            let url = Self.url(server)
            let task = Task { try await downloader.download(url, to: consumer) }
            try await eventually { consumer.bytes.count == 5000 }
            // The time stands still for the next attempt, however long that takes.
            try await eventually {
                if log.text.contains("Download failed, retrying") { return true }
                clock.advance(by: .seconds(61))
                return false
            }
            _ = try await task.value
            #expect(consumer.bytes == Self.content)
            #expect(consumer.restarts == 0)
            #expect(server.requests[1].header("range") == "bytes=5000-")
        }
    }

    @Test func missingAnswerIsAStall() async throws {
        try await withStub({ _, _ in .silence }) { server, transport in
            let clock = ManualClock()
            let downloader = try Self.downloader(transport, stall: .seconds(60), attempts: 2, clock: clock)
            let url = Self.url(server)
            let task = Task { try await downloader.download(url, to: MemoryConsumer()) }
            for count in 1...2 {
                try await eventually { server.requests.count == count && clock.hasSleepers }
                // The attempt does not end before its time-out.
                clock.advance(by: .seconds(59))
                #expect(server.requests.count == count)
                clock.advance(by: .seconds(2))
            }
            let error = try await failure(of: BlobDownloadError.self) { try await task.value }
            #expect(error.reason == .stalled)
            #expect(error.recovery == .retryable)
        }
    }
}
