import Foundation
import HTTPAccess
import HTTPStandIns
import Synchronization
import Testing

@testable import PayoutAPI

/// Downloads that the storage refuses, expired URLs, and hosts that are not allowed.
@Suite struct BlobRefusalTests {
    typealias Base = BlobDownloaderTests

    static let expiredBody = """
        \u{FEFF}<?xml version="1.0" encoding="utf-8"?><Error><Code>AuthenticationFailed</Code>\
        <Message>Server failed to authenticate the request. sig=c2VjcmV0</Message></Error>
        """

    // MARK: - Statuses

    @Test(arguments: [
        (403, "AuthenticationFailed", "expired"), (403, "AuthorizationPermissionMismatch", "forbidden"),
        (404, "BlobNotFound", "notFound"), (400, "InvalidQueryParameterValue", "rejected"),
        (409, "x", "rejected"), (304, "x", "protocolViolation"), (206, "x", "protocolViolation"),
    ])
    func statusIsReportedAsItsError(status: Int, code: String, expected: String) async throws {
        try await withStub({ _, _ in
            .answer(
                status,
                headers: [("x-ms-error-code", code), ("x-ms-request-id", "rid")],
                body: status == 304 ? "" : "<Error><Code>\(code)</Code></Error>"
            )
        }) { server, transport in
            let error = try await failure(of: BlobDownloadError.self) {
                try await Base.downloader(transport, attempts: 1).download(Base.url(server), to: MemoryConsumer())
            }
            #expect(error.code == expected)
            #expect(error.httpStatus == status)
            #expect(error.serviceCode == code)
            #expect(error.requestID == "rid")
            #expect(!error.description.contains("c2VjcmV0"))
        }
    }

    @Test(arguments: [408, 429, 500, 503])
    func transientStatusIsRetried(status: Int) async throws {
        try await withStub({ _, index in
            index < 2 ? .answer(status) : .bytes(200, body: [1])
        }) { server, transport in
            let consumer = MemoryConsumer()
            _ = try await Base.downloader(transport).download(Base.url(server), to: consumer)
            #expect(consumer.bytes == [1])
            #expect(server.requests.count == 3)
        }
    }

    // MARK: - Expiry

    @Test func expiredSignatureIsReported() async throws {
        try await withStub({ _, _ in .answer(403, body: Self.expiredBody) }) { server, transport in
            let error = try await failure(of: BlobDownloadError.self) {
                try await Base.downloader(transport).download(Base.url(server), to: MemoryConsumer())
            }
            #expect(error.reason == .expired)
            #expect(error.serviceCode == "AuthenticationFailed")
            #expect(error.recovery == .retryable)
            #expect(server.requests.count == 1)
        }
    }

    @Test func knownExpiryIsReportedBeforeARequest() async throws {
        try await withStub({ _, _ in .bytes(200, body: [1]) }) { server, transport in
            let url = Base.url(server, expires: "2020-01-01T00:00:00Z")
            let error = try await failure(of: BlobDownloadError.self) {
                try await Base.downloader(transport).download(url, to: MemoryConsumer())
            }
            #expect(error.reason == .expired)
            #expect(server.requests.isEmpty)
        }
    }

    @Test func newURLContinuesTheDownload() async throws {
        try await withStub({ request, index in
            switch index {
            case 0: Base.broken(at: 100_000)
            case 1: .answer(403, body: Self.expiredBody)
            default: Base.ranged(request)
            }
        }) { server, transport in
            let consumer = MemoryConsumer()
            let fresh = Base.url(server, path: "/exports/again.csv")
            let blob = try await Base.downloader(transport)
                .download(Base.url(server), to: consumer, refreshURL: { fresh })
            #expect(consumer.bytes == Base.content)
            #expect(consumer.restarts == 0)
            #expect(blob.sha256 == Base.sha256(Base.content))
            #expect(server.requests[2].path == "/exports/again.csv")
            #expect(server.requests[2].header("range") != nil)
        }
    }

    @Test func expiredNewURLsAreBounded() async throws {
        try await withStub({ _, _ in .answer(403, body: Self.expiredBody) }) { server, transport in
            let count = Mutex(0)
            let url = Base.url(server)
            let error = try await failure(of: BlobDownloadError.self) {
                try await Base.downloader(transport).download(url, to: MemoryConsumer()) {
                    count.withLock { $0 += 1 }
                    return url
                }
            }
            #expect(error.reason == .expired)
            #expect(count.withLock { $0 } == 3)
        }
    }

    @Test func errorOfTheRefreshEndsTheDownload() async throws {
        struct Gone: Error {}
        try await withStub({ _, _ in .answer(403, body: Self.expiredBody) }) { server, transport in
            await #expect(throws: Gone.self) {
                try await Base.downloader(transport)
                    .download(Base.url(server), to: MemoryConsumer(), refreshURL: { throw Gone() })
            }
        }
    }

    // MARK: - Hosts

    @Test func loopbackIsRefusedUnlessAllowed() async throws {
        try await withStub({ _, _ in .bytes(200, body: [1]) }) { server, transport in
            let refusing = try Base.downloader(transport, patterns: ["*"], allowsLoopback: false)
            let error = try await failure(of: BlobDownloadError.self) {
                try await refusing.download(Base.url(server), to: MemoryConsumer())
            }
            #expect(error.code == "refusedURL")
            #expect(error.recovery == .permanentForJob)
            #expect(server.requests.isEmpty)
            let named = try Base.downloader(transport, patterns: ["127.0.0.1:\(server.port)"], allowsLoopback: false)
            _ = try await named.download(Base.url(server), to: MemoryConsumer())
            #expect(server.requests.count == 1)
        }
    }

    @Test(arguments: [
        "http://169.254.169.254/latest/meta-data", "http://evil.example/file", "https://evil.example/file",
        "ftp://127.0.0.1/x", "//evil.example/x", "file:///etc/passwd",
    ])
    func redirectToAnotherHostIsRefused(target: String) async throws {
        try await withStub({ _, _ in .answer(302, headers: [("location", target)]) }) { server, transport in
            let error = try await failure(of: BlobDownloadError.self) {
                try await Base.downloader(transport).download(Base.url(server), to: MemoryConsumer())
            }
            #expect(error.code == "refusedURL")
            #expect(server.requests.count == 1)
        }
    }

    @Test func redirectsToAllowedHostsAreFollowedUpToTheLimit() async throws {
        try await withStub({ request, _ in
            switch request.path {
            case "/exports/file%20one.csv": .answer(307, headers: [("location", "/there?x=1")])
            case "/there": .bytes(200, body: [1, 2])
            default: .answer(302, headers: [("location", "/loop")])
            }
        }) { server, transport in
            let consumer = MemoryConsumer()
            let blob = try await Base.downloader(transport).download(Base.url(server), to: consumer)
            #expect(consumer.bytes == [1, 2])
            #expect(blob.fileName == "file one.csv")
            #expect(server.requests.allSatisfy { $0.header("authorization") == nil })
            let error = try await failure(of: BlobDownloadError.self) {
                try await Base.downloader(transport, attempts: 1)
                    .download(Base.url(server, path: "/loop"), to: MemoryConsumer())
            }
            #expect(error.code == "protocolViolation")
        }
    }

    static let azure = ["*.blob.core.windows.net"]

    @Test(arguments: [
        ("https://acct.blob.core.windows.net/c/f?sig=x", azure, true),
        ("https://ACCT.Blob.Core.Windows.NET./c/f", azure, true),
        ("https://acct.blob.core.windows.net:443/c/f", azure, true),
        ("http://acct.blob.core.windows.net/c/f", azure, false),
        ("https://blob.core.windows.net/c/f", azure, false),
        ("https://evilblob.core.windows.net/c/f", azure, false),
        ("https://acct.blob.core.windows.net.evil.example/c/f", azure, false),
        ("https://evil.example/?.blob.core.windows.net", azure, false),
        ("https://evil.example#.blob.core.windows.net", azure, false),
        ("https://evil.example\\.blob.core.windows.net/f", azure, false),
        ("https://user@acct.blob.core.windows.net/f", azure, false),
        ("https://acct.blob.core.windows.net@evil.example/f", azure, false),
        ("https://evil.example%2f.blob.core.windows.net/f", azure, false),
        ("https://evil.example\u{FF0F}.blob.core.windows.net/f", azure, false),
        ("https://evil.example\u{2044}.blob.core.windows.net/f", azure, false),
        ("https://evil.example/\u{301}.blob.core.windows.net/f", azure, false),
        ("https://acct.blob.core.windows.net/\u{301}/f", azure, true),
        ("https://files.example/f", ["files.example"], true),
        ("https://files.example:8443/f", ["files.example"], true),
        ("https://files.example:8443/f", ["files.example:443"], false),
        ("http://sandbox:8080/f", ["http://sandbox:8080"], true),
        ("http://sandbox:8081/f", ["http://sandbox:8080"], false),
        ("http://sandbox:8080/f", ["sandbox:8080"], false),
        ("https://anything.example/f", ["*"], true),
        ("https://127.0.0.1/f", ["*"], false),
        ("https://localhost/f", ["*"], false),
        ("http://localhost:9/f", ["localhost"], true),
        ("https://10.0.0.1/f", ["*"], false),
        ("https://10.0.0.1/f", ["10.0.0.1"], true),
        ("https://192.168.1.1/f", ["*"], false),
        ("https://172.20.0.1/f", ["*"], false),
        ("https://169.254.169.254/f", ["169.254.169.254"], false),
        ("https://0.0.0.0/f", ["0.0.0.0"], false),
        ("https://[::1]/f", ["*"], false),
        ("https://[::1]/f", ["::1"], true),
        ("https://[fe80::1]/f", ["fe80::1"], false),
        ("https://[fd00::1]/f", ["*"], false),
        ("https://[::ffff:10.0.0.1]/f", ["*"], false),
        ("https://[64:ff9b::10.0.0.1]/f", ["*"], false),
        ("https://2130706433/f", ["*"], false),
        ("https://0x7f.1/f", ["*"], false),
        ("https://127.1/f", ["*"], false),
        ("https://93.184.216.34/f", ["*"], false),
        ("https://93.184.216.34/f", ["93.184.216.34"], true),
        ("not a url", ["*"], false),
        ("https:///f", ["*"], false),
        ("https://acct.blob.core.windows.net/a b", azure, false),
    ])
    func hostIsAllowedByTheListAlone(url: String, patterns: [String], allowed: Bool) throws {
        let objection = try BlobHostRules(patterns: patterns).objection(to: url)
        #expect((objection == nil) == allowed, "\(objection ?? "no objection")")
    }

    @Test(arguments: ["a/b", "*x", "a.*.b", "https://", "user@host", "host:port", "a b"])
    func invalidPatternIsRefused(pattern: String) {
        #expect(throws: ClientConfigurationError.self) { try BlobHostRules(patterns: [pattern]) }
    }

    @Test func defaultAllowsAzuresPublicCloudAlone() {
        #expect(BlobHostRules.azure.objection(to: "https://x.blob.core.windows.net/c/f") == nil)
        #expect(BlobHostRules.azure.objection(to: "https://x.example/c/f") != nil)
    }
}
