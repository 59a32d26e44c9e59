import HTTPAccess
import NIOCore
import NIOHTTP1
import Synchronization
import Testing
import TestSupport

@testable import FileStores

/// How calls of object stores are retried, and how their refusals are classified.
@Suite("Calls of object stores")
struct StoreCallTests {
    private let time = TestClock()

    private func store(_ wire: ScriptedWire) throws -> S3FileStore {
        var configuration = S3Configuration()
        configuration.endpoint = "http://store"
        configuration.environment = ["AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s"]
        return try S3FileStore("s3://bucket/p", configuration, wire.wire, time.clock)
    }

    private static func refusal(_ status: Int, _ code: String) -> HTTPAnswer {
        HTTPAnswer(status, "<Error><Code>\(code)</Code><RequestId>r1</RequestId></Error>")
    }

    @Test func transientFaultsAreRetriedWithBackOff() async throws {
        let wire = ScriptedWire { _, index in
            switch index {
            case 0: throw TransportFault(.closed, "the connection was closed")
            case 1: Self.refusal(503, "SlowDown")
            case 2: Self.refusal(500, "InternalError")
            case 3: Self.refusal(400, "BadDigest")
            default: HTTPAnswer(200)
            }
        }
        _ = try await store(wire).put([[1]])
        #expect(wire.requests.count == 5)
        #expect(time.pauses == [.milliseconds(200), .milliseconds(400), .milliseconds(800), .milliseconds(1_600)])
    }

    @Test func persistentOutageIsReportedAfterTheLastAttempt() async throws {
        let wire = ScriptedWire { _, _ in throw TransportFault(.closed, "the connection was closed") }
        let error = await #expect(throws: FileStoreError.self) { try await store(wire).put([[1]]) }
        #expect(error?.kind == .unavailable)
        #expect(error?.concernsStore == true)
        #expect(
            error?.description
                == "Failed to store s3://bucket/p/\(FileKey.samplePath): the store is unavailable (the connection was closed)."
        )
        #expect(wire.requests.count == StoreCaller.attempts)
    }

    @Test(arguments: [
        (403, "AccessDenied", FileStoreError.Kind.forbidden, 1), (403, "ExpiredToken", .credentialsRefused, 2),
        (404, "NoSuchBucket", .bucketMissing, 1), (301, "PermanentRedirect", .wrongRegion, 1),
        (403, "RequestTimeTooSkewed", .clockSkew, 1), (403, "QuotaExceeded", .quotaExceeded, 1),
        (507, "XMinioStorageFull", .noSpace, 1), (400, "XAmzContentSHA256Mismatch", .checksumMismatch, 5),
        (400, "InvalidStorageClass", .refused, 1), (418, "", .refused, 1), (429, "", .throttled, 5),
        (400, "EntityTooLarge", .fileTooLarge, 1),
    ])
    func refusalIsClassified(status: Int, code: String, kind: FileStoreError.Kind, requests: Int) async throws {
        let wire = ScriptedWire { _, _ in
            code.isEmpty ? HTTPAnswer(status, "<html>") : Self.refusal(status, code)
        }
        let error = await #expect(throws: FileStoreError.self) { try await store(wire).put([[1]]) }
        #expect(error?.kind == kind)
        #expect(error?.detail == (code.isEmpty ? "HTTP \(status)" : "\(code), HTTP \(status), request r1"))
        #expect(wire.requests.count == requests)
    }

    @Test func bucketInAnotherRegionIsReportedWithItsRegion() async throws {
        let wire = ScriptedWire { _, _ in
            HTTPAnswer(301, "", headers: ["x-amz-bucket-region": "eu-north-1"])
        }
        let error = await #expect(throws: FileStoreError.self) { try await store(wire).check() }
        #expect(error?.description.contains("eu-north-1") == true)
    }

    private static func multipart(_ request: OutgoingRequest, commit: HTTPAnswer) -> HTTPAnswer {
        if request.url.hasSuffix("?uploads=") { return HTTPAnswer(200, "<UploadId>u&amp;1</UploadId>") }
        if request.method == .PUT { return HTTPAnswer(200, "", headers: ["etag": "\"e\""]) }
        return request.method == .POST ? commit : HTTPAnswer(204)
    }

    @Test func errorInASuccessfulCommitIsAFailure() async throws {
        // S3 sends status 200 before it has put the parts together.
        let wire = ScriptedWire { request, _ in
            Self.multipart(request, commit: Self.refusal(200, "InternalError"))
        }
        let store = try store(wire)
        let upload = try await store.begin(.sample, metadata: FileMetadata())
        try await upload.write([UInt8](repeating: 1, count: S3Backend.firstPartSize + 1))
        let error = await #expect(throws: FileStoreError.self) { try await upload.finish(of: []) }
        #expect(error?.kind == .unavailable)
        await upload.abort()
        let last = try #require(wire.requests.last)
        #expect(last.method == .DELETE)
        #expect(last.url.hasSuffix("?uploadId=u%261"))
        #expect(wire.requests.count { $0.method == .DELETE } == 1)
    }

    @Test func failedPartEndsAndAbortsTheUpload() async throws {
        let wire = ScriptedWire { request, _ in
            if request.url.contains("partNumber=2") { return Self.refusal(403, "AccessDenied") }
            return Self.multipart(request, commit: HTTPAnswer(200))
        }
        let store = try store(wire)
        do {
            let upload = try await store.begin(.sample, metadata: FileMetadata())
            try await upload.write([UInt8](repeating: 1, count: S3Backend.firstPartSize * 2 + 1))
            let error = await #expect(throws: FileStoreError.self) { try await upload.finish(of: []) }
            #expect(error?.kind == .forbidden)
            #expect(!wire.requests.contains { $0.method == .POST && $0.url.contains("uploadId") })
        }
        // The upload is released without an abort: a task removes its parts.
        let deadline = ContinuousClock.now + .seconds(300)
        while !wire.requests.contains(where: { $0.method == .DELETE }), ContinuousClock.now < deadline {
            await Task.yield()
        }
        #expect(wire.requests.contains { $0.method == .DELETE })
    }

    @Test func uploadSucceedsWithoutPermissionToTag() async throws {
        let wire = ScriptedWire { request, _ in
            if request.url.hasSuffix("?tagging=") { return Self.refusal(403, "AccessDenied") }
            return Self.multipart(request, commit: HTTPAnswer(200))
        }
        let stored = try await store(wire).put([[UInt8](repeating: 1, count: S3Backend.firstPartSize + 1)])
        #expect(stored.sizeBytes == Int64(S3Backend.firstPartSize) + 1)
    }

    @Test func partSizeGrowsWithThePartNumber() throws {
        let store = try Backends()
        #expect(store.s3.partSize(1) == 8 << 20)
        #expect(store.s3.partSize(2_501) == 16 << 20)
        #expect(store.s3.partSize(10_000) == 64 << 20)
        #expect(store.s3.partSize(10_001) == nil)
    }

    @Test func longNameIsRefusedBeforeARequest() async throws {
        let wire = ScriptedWire { _, _ in HTTPAnswer(200) }
        let key = try #require(FileKey(parts: (0..<10).map { "\($0)" + String(repeating: "x", count: 150) }))
        let error = await #expect(throws: FileStoreError.self) { try await store(wire).put([[1]], key: key) }
        #expect(error?.kind == .nameTooLong)
        #expect(wire.requests.isEmpty)
    }

    private struct Backends {
        let s3: S3Backend

        init() throws {
            let clock = TestClock().clock
            let wire = ScriptedWire { _, _ in throw CancellationError() }
            s3 = S3Backend(
                address: try S3Address("//bucket", S3Configuration(), region: "us-east-1"),
                configuration: S3Configuration(),
                credentials: CachedCredential(now: clock.now) { () throws(FileStoreError) in
                    throw FileStoreError(.noCredentials, action: "get", path: "credentials")
                },
                caller: StoreCaller(wire: wire.wire, clock: clock),
                firstPartSize: S3Backend.firstPartSize
            )
        }
    }
}

@Suite("CachedCredential")
struct CachedCredentialTests {
    private let time = TestClock()

    private final class Source: Sendable {
        let state = Mutex<(fetches: Int, fails: Bool)>((0, false))

        func fetch(_ lifetime: Int64?, _ now: Int64) throws(FileStoreError) -> CachedCredential<Int>.Lease {
            let (number, fails) = state.withLock { state in
                state.fetches += 1
                return (state.fetches, state.fails)
            }
            if fails { throw FileStoreError(.unavailable, action: "get", path: "it") }
            return CachedCredential<Int>.Lease(value: number, expiresAt: lifetime.map { now + $0 })
        }
    }

    private func credential(_ source: Source, lifetime: Int64?) -> CachedCredential<Int> {
        let now = time.clock.now
        return CachedCredential(now: now) { () throws(FileStoreError) in try source.fetch(lifetime, now()) }
    }

    @Test func credentialIsFetchedAgainBeforeItExpires() async throws {
        let credential = credential(Source(), lifetime: 3_600_000)
        #expect(try await credential.value() == 1)
        time.advance(by: 3_200_000)
        #expect(try await credential.value() == 1)
        time.advance(by: 101_000)
        #expect(try await credential.value() == 2)
    }

    @Test func oldCredentialIsUsedWhileRenewalFails() async throws {
        let source = Source()
        let credential = credential(source, lifetime: 3_600_000)
        _ = try await credential.value()
        source.state.withLock { $0.fails = true }
        time.advance(by: 3_400_000)
        #expect(try await credential.value() == 1)
        #expect(try await credential.value() == 1)
        // A failed renewal is not repeated for each use.
        #expect(source.state.withLock { $0.fetches } == 2)
        time.advance(by: 190_000)
        await #expect(throws: FileStoreError.self) { try await credential.value() }
        source.state.withLock { $0.fails = false }
        #expect(try await credential.value() == 4)
    }

    @Test func credentialWithoutExpiryIsFetchedOnce() async throws {
        let credential = credential(Source(), lifetime: nil)
        _ = try await credential.value()
        time.advance(by: .max / 4)
        #expect(try await credential.value() == 1)
        await credential.forget()
        #expect(try await credential.value() == 2)
    }

    @Test func concurrentCallersShareOneFetch() async throws {
        let source = Source()
        let credential: CachedCredential<Int> = credential(source, lifetime: 3_600_000)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<50 { group.addTask { [credential] in try await credential.value() } }
            for try await value in group { #expect(value == 1) }
        }
    }
}

@Suite("The end of a stream")
struct TailWindowTests {
    @Test func windowKeepsTheLastBytes() {
        var window = TailWindow()
        var bytes: [UInt8] = []
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<200 {
            let chunk = (0..<Int.random(in: 0...9_000, using: &generator)).map { UInt8(truncatingIfNeeded: $0) }
            bytes += chunk
            window.append(ByteBuffer(bytes: chunk).readableBytesView)
        }
        #expect(window.size == Int64(bytes.count))
        let start = bytes.count - TailWindow.capacity
        #expect(window.read(Int64(start), TailWindow.capacity) == Array(bytes[start...]))
        #expect(window.read(Int64(bytes.count - 3), 10) == Array(bytes.suffix(3)))
        #expect(window.read(Int64(bytes.count), 10) == [])
        #expect(window.read(0, 10) == [])
        #expect(window.read(Int64(bytes.count) + 1, 10) == [])
    }
}
