import HTTPAccess
import HTTPStandIns
import NIOCore
import Synchronization
import Testing

@testable import PayoutAPI

/// Downloads whose answer has status 200 and is not an export, or may be truncated.
@Suite struct BlobContentTests {
    typealias Base = BlobDownloaderTests

    private static let page =
        "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><form></form></body></html>"
    private static let file = "earningId,amount\n1,2\n"

    // MARK: - Content

    @Test(arguments: [
        ("text/html", page), ("text/csv", page), ("application/octet-stream", "\u{FEFF}\r\n " + page),
        ("application/xml", "<?xml version=\"1.0\"?><Error><Code>AuthenticationFailed</Code></Error>"),
        ("", "<Error><Code>x</Code></Error>"), ("application/json", #"{"error":{"code":"x","message":"a,b"}}"#),
        ("text/csv", "[1,2]"), ("text/html; charset=utf-8", "Please sign in.\n"),
        ("text/html", "Sign in, please <html>\n"),
    ])
    func pageInPlaceOfAFileIsRefusedAfterAFreshURL(type: String, body: String) async throws {
        try await withStub({ _, _ in .answer(200, headers: [("content-type", type)], body: body) }) {
            server,
            transport in
            let consumer = MemoryConsumer()
            let (url, fresh) = (Base.url(server), Base.url(server, path: "/fresh.csv"))
            let error = try await failure(of: BlobDownloadError.self) {
                try await Base.downloader(transport).download(url, to: consumer) { fresh }
            }
            #expect(error.code == "wrongContent")
            #expect(error.concernsContent)
            #expect(error.recovery == .retryable)
            #expect(server.requests.map(\.path) == ["/exports/file%20one.csv", "/fresh.csv"])
            #expect(consumer.bytes.isEmpty)
        }
    }

    @Test func fileIsDeliveredOnceThePageInItsPlaceIsGone() async throws {
        try await withStub({ _, index in .answer(200, body: index == 0 ? Self.page : Self.file) }) {
            server,
            transport in
            let consumer = MemoryConsumer()
            let url = Base.url(server)
            let blob = try await Base.downloader(transport).download(url, to: consumer) { url }
            #expect(String(decoding: consumer.bytes, as: UTF8.self) == Self.file)
            #expect(blob.size == Int64(Self.file.utf8.count))
        }
    }

    @Test(arguments: [
        ("text/html", "a,b\n1,2\n"), ("text/html", "a\tb\n"), ("application/json", "a,b\n"), ("", "earningId\n1\n"),
        ("text/csv", "\u{FEFF}\"a<html>\",b\n"), ("text/html", "PK\u{3}\u{4} and so on"), ("", ""),
    ])
    func contentDecidesInPlaceOfTheType(type: String, body: String) async throws {
        try await withStub({ _, _ in .answer(200, headers: [("content-type", type)], body: body) }) {
            server,
            transport in
            let consumer = MemoryConsumer()
            _ = try await Base.downloader(transport).download(Base.url(server), to: consumer)
            #expect(String(decoding: consumer.bytes, as: UTF8.self) == body)
        }
    }

    @Test func pageInUTF16IsRecognized() {
        var bytes: [UInt8] = [0xFF, 0xFE]
        for byte in Self.page.utf8 { bytes += [byte, 0] }
        #expect(ForeignDocument(head: ByteBuffer(bytes: bytes), contentType: nil) == .html)
    }

    // MARK: - Length

    @Test(arguments: [
        "HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-md5: nonsense\r\n\r\n",
    ])
    func bodyWithoutLengthAndChecksumIsRefused(head: String) async throws {
        try await withStub({ _, _ in .garbage(head + Self.file) }) { server, transport in
            let consumer = MemoryConsumer()
            let url = Base.url(server)
            let error = try await failure(of: BlobDownloadError.self) {
                try await Base.downloader(transport).download(url, to: consumer) { url }
            }
            #expect(error.reason == .unframed)
            #expect(error.concernsContent)
            #expect(consumer.bytes.isEmpty)
            #expect(server.requests.count == 2)
        }
    }

    @Test func bodyWithoutLengthIsVerifiedByItsChecksum() async throws {
        let head = "HTTP/1.0 200 OK\r\ncontent-md5: \(Base.md5(Array(Self.file.utf8)))\r\n\r\n"
        try await withStub({ _, index in
            // The first answer is truncated.
            .garbage(head + (index == 0 ? String(Self.file.dropLast(3)) : Self.file))
        }) { server, transport in
            let consumer = MemoryConsumer()
            let blob = try await Base.downloader(transport).download(Base.url(server), to: consumer)
            #expect(String(decoding: consumer.bytes, as: UTF8.self) == Self.file)
            #expect(blob.size == Int64(Self.file.utf8.count))
            #expect(consumer.restarts == 1)
            #expect(server.requests.count == 2)
        }
    }

    // MARK: - Secrets

    @Test func echoedSignatureStaysOutOfTheError() async throws {
        let echo = "AuthenticationFailed?sv=2020&sig=c2VjcmV0"
        for header in ["x-ms-error-code", "x-ms-request-id"] {
            try await withStub({ _, _ in .answer(400, headers: [(header, echo)]) }) { server, transport in
                let error = try await failure(of: BlobDownloadError.self) {
                    try await Base.downloader(transport).download(Base.url(server), to: MemoryConsumer())
                }
                #expect(!"\(error)".contains("c2VjcmV0"))
                #expect("\(error)".contains("REDACTED"))
            }
        }
    }

    @Test(arguments: [
        "file:///etc/passwd?sig=x", "http://169.254.169.254/latest/meta-data?sig=x",
        "https://other.example/secret-path?sig=x",
    ])
    func refusedURLIsNotRepeated(url: String) throws {
        let objection = try #require(BlobHostRules.azure.objection(to: url))
        let text = "\(BlobDownloadError(refusing: SASURL(url), because: objection))"
        for part in ["sig=", "?", "passwd", "meta-data", "secret-path", "file://"] {
            #expect(!text.contains(part), "\(text)")
        }
    }
}
