import Foundation
import HTTPAccess
import HTTPStandIns
import Synchronization
import Testing

@testable import PayoutAPI

/// Downloads from storages that answer differently from Azure's documentation.
@Suite struct BlobUnexpectedAnswerTests {
    typealias Base = BlobDownloaderTests

    // MARK: - Refusals that a new URL resolves

    @Test(
        arguments: [401, 403, 404, 410, 400],
        ["", "<html>no</html>", "<Error><Code>AuthorizationFailure</Code></Error>", #"{"error":{"code":"expired"}}"#]
    )
    func refusedURLIsReplacedOnce(status: Int, body: String) async throws {
        try await withStub({ request, _ in
            request.path == "/fresh.csv" ? .bytes(200, body: [1, 2]) : .answer(status, body: body)
        }) { server, transport in
            let consumer = MemoryConsumer()
            let fresh = Base.url(server, path: "/fresh.csv")
            _ = try await Base.downloader(transport).download(Base.url(server), to: consumer) { fresh }
            #expect(consumer.bytes == [1, 2])
            #expect(server.requests.count == 2)
        }
    }

    @Test(arguments: [
        (403, "AuthorizationPermissionMismatch", "forbidden"), (404, "BlobNotFound", "notFound"), (404, "", "notFound"),
        (400, "InvalidQueryParameterValue", "rejected"),
    ])
    func refusalOfANewURLIsFinal(status: Int, word: String, code: String) async throws {
        try await withStub({ _, _ in .answer(status, body: "<Error><Code>\(word)</Code></Error>") }) {
            server,
            transport in
            let count = Mutex(0)
            let url = Base.url(server)
            let error = try await failure(of: BlobDownloadError.self) {
                try await Base.downloader(transport).download(url, to: MemoryConsumer()) {
                    count.withLock { $0 += 1 }
                    return url
                }
            }
            #expect(error.code == code)
            #expect(error.recovery == .permanentForJob)
            #expect(count.withLock { $0 } == 1)
        }
    }

    @Test(arguments: ["", "denied", "<html><title>Forbidden</title></html>", #"{"error":{"code":"accessDenied"}}"#])
    func refusalWithoutACodeIsAnExpiredSignature(body: String) async throws {
        try await withStub({ _, _ in .answer(403, body: body) }) { server, transport in
            let url = Base.url(server)
            let error = try await failure(of: BlobDownloadError.self) {
                try await Base.downloader(transport).download(url, to: MemoryConsumer()) { url }
            }
            #expect(error.reason == .expired)
            #expect(error.recovery == .retryable)
            #expect(server.requests.count == 4)
        }
    }

    // MARK: - Ranges

    @Test func partialAnswerWithoutATagContinuesTheDownload() async throws {
        try await withStub({ request, index in
            guard index > 0, let start = request.header("range").flatMap({ Int($0.dropFirst(6).dropLast()) }) else {
                return Base.broken(at: 100_000)
            }
            let rest = Array(Base.content[start...])
            return .bytes(
                206,
                headers: [("content-range", "bytes \(start)-\(Base.content.count - 1)/\(Base.content.count)")],
                body: rest
            )
        }) { server, transport in
            let consumer = MemoryConsumer()
            let blob = try await Base.downloader(transport).download(Base.url(server), to: consumer)
            #expect(consumer.bytes == Base.content)
            #expect(consumer.restarts == 0)
            #expect(blob.sha256 == Base.sha256(Base.content))
            #expect(server.requests.count == 2)
        }
    }

    // MARK: - Checksums

    @Test(arguments: [
        BlobDownloaderTests.md5(BlobDownloaderTests.content),
        " \(BlobDownloaderTests.md5(BlobDownloaderTests.content)) ",
        BlobDownloaderTests.hexMD5, BlobDownloaderTests.hexMD5.uppercased(), "nonsense", "", "AAAA",
    ])
    func everyFormOfAChecksumIsAccepted(text: String) async throws {
        try await withStub({ _, _ in
            .bytes(200, headers: [("content-md5", text)], body: Base.content)
        }) { server, transport in
            let consumer = MemoryConsumer()
            _ = try await Base.downloader(transport, attempts: 1).download(Base.url(server), to: consumer)
            #expect(consumer.bytes == Base.content)
        }
    }

    @Test func wrongHexadecimalChecksumIsReported() async throws {
        let wrong = String(repeating: "0", count: 32)
        try await withStub({ _, _ in
            .bytes(200, headers: [("content-md5", wrong)], body: Base.content)
        }) { server, transport in
            let error = try await failure(of: BlobDownloadError.self) {
                try await Base.downloader(transport, attempts: 2).download(Base.url(server), to: MemoryConsumer())
            }
            #expect(error.code == "corrupted")
            #expect(server.requests.count == 2)
        }
    }

    // MARK: - Bodies

    @Test func compressedFileIsDeliveredUnchanged() async throws {
        // A file that is stored compressed is not decompressed: its length and its checksum are those of the stored bytes.
        let bytes: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0x13, 1, 2, 3]
        try await withStub({ _, _ in
            .bytes(200, headers: [("content-encoding", "gzip"), ("content-md5", Base.md5(bytes))], body: bytes)
        }) { server, transport in
            let consumer = MemoryConsumer()
            _ = try await Base.downloader(transport).download(Base.url(server), to: consumer)
            #expect(consumer.bytes == bytes)
            #expect(server.requests.first?.header("accept-encoding") == "identity")
        }
    }

    @Test func brokenChunkedFileIsDownloadedAgain() async throws {
        try await withStub({ _, index in
            let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\netag: W/\"weak\"\r\n\r\n4\r\na,b\n\r\n"
            return .garbage(index == 0 ? head : head + "4\r\n1,2\n\r\n0\r\n\r\n")
        }) { server, transport in
            let consumer = MemoryConsumer()
            let blob = try await Base.downloader(transport).download(Base.url(server), to: consumer)
            #expect(String(decoding: consumer.bytes, as: UTF8.self) == "a,b\n1,2\n")
            #expect(blob.size == 8)
            #expect(server.requests.count == 2)
            #expect(server.requests[1].header("range") == nil)
        }
    }

    // MARK: - This machine's names

    @Test(arguments: [
        ("http://localhost:81/f", ["127.0.0.1"], true), ("http://127.0.0.1:81/f", ["localhost"], true),
        ("http://[::1]:81/f", ["localhost"], true), ("http://127.0.0.1:81/f", ["localhost:81"], true),
        ("http://127.0.0.1:82/f", ["localhost:81"], false), ("http://127.0.0.1:81/f", ["*.localhost"], true),
        ("http://127.0.0.1:81/f", ["other"], false), ("http://127.0.0.1/f", ["10.0.0.1"], false),
        ("http://10.0.0.1/f", ["127.0.0.1"], false),
    ])
    func everyNameOfThisMachineIsAllowedByOne(url: String, patterns: [String], allowed: Bool) throws {
        let objection = try BlobHostRules(patterns: patterns).objection(to: url)
        #expect((objection == nil) == allowed, "\(objection ?? "no objection")")
    }
}

extension BlobDownloaderTests {
    static let hexMD5 = (Data(base64Encoded: md5(content)) ?? Data()).map { String(format: "%02x", $0) }.joined()
}
