import NIOHTTP1
import Synchronization
import Testing

@testable import FileStores

@Suite("Calls of object stores")
struct StoreCallTests {
    private let time = TestClock()

    private func store(_ wire: ScriptedWire) throws -> S3FileStore {
        var configuration = S3Configuration()
        configuration.endpoint = "http://store"
        configuration.environment = ["AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s"]
        return try S3FileStore("s3://bucket/p", configuration, wire.wire, time.clock)
    }

    private static func refusal(_ status: Int, _ code: String) -> WireAnswer {
        WireAnswer(status, "<Error><Code>\(code)</Code><RequestId>r1</RequestId></Error>")
    }

    @Test func whatPassesIsTriedAgainWithLongerPauses() async throws {
        let wire = ScriptedWire { _, index throws(WireFault) in
            switch index {
            case 0: throw .failed("broke the connection")
            case 1: Self.refusal(503, "SlowDown")
            case 2: Self.refusal(500, "InternalError")
            case 3: Self.refusal(400, "BadDigest")
            default: WireAnswer(200)
            }
        }
        _ = try await store(wire).put([[1]])
        #expect(wire.requests.count == 5)
        #expect(time.pauses == [.milliseconds(200), .milliseconds(400), .milliseconds(800), .milliseconds(1_600)])
    }

    @Test func whatDoesNotPassSoonIsLeftToTheWorker() async throws {
        let wire = ScriptedWire { _, _ throws(WireFault) in throw .failed("does not answer in time") }
        let error = await #expect(throws: FileStoreError.self) { try await store(wire).put([[1]]) }
        #expect(error?.kind == .unavailable)
        #expect(error?.isTransient == true)
        #expect(
            error?.description
                == "cannot put s3://bucket/p/\(FileKey.samplePath): the store is not available (does not answer in time). Look whether the store is up and can be reached from here; the worker tries again by itself."
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
    func refusalsAreNamed(status: Int, code: String, kind: FileStoreError.Kind, requests: Int) async throws {
        let wire = ScriptedWire { _, _ throws(WireFault) in
            code.isEmpty ? WireAnswer(status, "<html>") : Self.refusal(status, code)
        }
        let error = await #expect(throws: FileStoreError.self) { try await store(wire).put([[1]]) }
        #expect(error?.kind == kind)
        #expect(error?.remedy.isEmpty == false)
        #expect(error?.detail == (code.isEmpty ? "HTTP \(status)" : "\(code), HTTP \(status), request r1"))
        #expect(wire.requests.count == requests)
    }

    @Test func theRegionThatTheBucketIsInIsNamed() async throws {
        let wire = ScriptedWire { _, _ throws(WireFault) in
            WireAnswer(301, "", headers: ["x-amz-bucket-region": "eu-north-1"])
        }
        let error = await #expect(throws: FileStoreError.self) { try await store(wire).check() }
        #expect(error?.description.contains("eu-north-1") == true)
    }

    private static func multipart(_ request: WireRequest, commit: WireAnswer) -> WireAnswer {
        if request.url.hasSuffix("?uploads=") { return WireAnswer(200, "<UploadId>u&amp;1</UploadId>") }
        if request.method == .PUT { return WireAnswer(200, "", headers: ["etag": "\"e\""]) }
        return request.method == .POST ? commit : WireAnswer(204)
    }

    @Test func aSuccessThatHoldsAnErrorIsNone() async throws {
        // S3 answers 200 before it has put the parts together.
        let wire = ScriptedWire { request, _ throws(WireFault) in
            Self.multipart(request, commit: Self.refusal(200, "InternalError"))
        }
        let store = try store(wire)
        let upload = try await store.begin(.sample, metadata: FileMetadata())
        try await upload.write([UInt8](repeating: 1, count: S3Backend.firstPartSize + 1))
        let error = await #expect(throws: FileStoreError.self) { try await upload.finish() }
        #expect(error?.kind == .unavailable)
        await upload.abort()
        let last = try #require(wire.requests.last)
        #expect(last.method == .DELETE)
        #expect(last.url.hasSuffix("?uploadId=u%261"))
        #expect(wire.requests.count { $0.method == .DELETE } == 1)
    }

    @Test func aPartThatFailsEndsTheUploadAndIsAborted() async throws {
        let wire = ScriptedWire { request, _ throws(WireFault) in
            if request.url.contains("partNumber=2") { return Self.refusal(403, "AccessDenied") }
            return Self.multipart(request, commit: WireAnswer(200))
        }
        let store = try store(wire)
        do {
            let upload = try await store.begin(.sample, metadata: FileMetadata())
            try await upload.write([UInt8](repeating: 1, count: S3Backend.firstPartSize * 2 + 1))
            let error = await #expect(throws: FileStoreError.self) { try await upload.finish() }
            #expect(error?.kind == .forbidden)
            #expect(!wire.requests.contains { $0.method == .POST && $0.url.contains("uploadId") })
        }
        // Dropped without an abort: the parts go all the same, in a task of their own.
        let deadline = ContinuousClock.now + .seconds(20)
        while !wire.requests.contains(where: { $0.method == .DELETE }), ContinuousClock.now < deadline {
            await Task.yield()
        }
        #expect(wire.requests.contains { $0.method == .DELETE })
    }

    @Test func aTagThatIsNotPermittedIsDoneWithout() async throws {
        let wire = ScriptedWire { request, _ throws(WireFault) in
            if request.url.hasSuffix("?tagging=") { return Self.refusal(403, "AccessDenied") }
            return Self.multipart(request, commit: WireAnswer(200))
        }
        let stored = try await store(wire).put([[UInt8](repeating: 1, count: S3Backend.firstPartSize + 1)])
        #expect(stored.sizeBytes == Int64(S3Backend.firstPartSize) + 1)
    }

    @Test func partsGrowSoThatThereAreNeverTooMany() throws {
        let store = try Backends()
        #expect(store.s3.partSize(1) == 8 << 20)
        #expect(store.s3.partSize(2_501) == 16 << 20)
        #expect(store.s3.partSize(10_000) == 64 << 20)
        #expect(store.s3.partSize(10_001) == nil)
    }

    @Test func aLongNameIsRefusedBeforeAnythingIsSent() async throws {
        let wire = ScriptedWire { _, _ throws(WireFault) in WireAnswer(200) }
        let key = try #require(FileKey(parts: (0..<10).map { "\($0)" + String(repeating: "x", count: 150) }))
        let error = await #expect(throws: FileStoreError.self) { try await store(wire).put([[1]], key: key) }
        #expect(error?.kind == .nameTooLong)
        #expect(wire.requests.isEmpty)
    }

    private struct Backends {
        let s3: S3Backend

        init() throws {
            let clock = TestClock().clock
            let wire = ScriptedWire { _, _ throws(WireFault) in throw .cancelled }
            s3 = S3Backend(
                address: try S3Address("//bucket", S3Configuration(), region: "us-east-1"),
                configuration: S3Configuration(),
                credentials: Renewing(now: clock.now) { () throws(FileStoreError) in
                    throw FileStoreError(.noCredentials, action: "get", path: "credentials")
                },
                caller: StoreCaller(wire: wire.wire, clock: clock),
                firstPartSize: S3Backend.firstPartSize
            )
        }
    }
}

@Suite("Renewing")
struct RenewingTests {
    private let time = TestClock()

    private final class Source: Sendable {
        let state = Mutex<(fetches: Int, fails: Bool)>((0, false))

        func fetch(_ lifetime: Int64?, _ now: Int64) throws(FileStoreError) -> Renewing<Int>.Lease {
            let (number, fails) = state.withLock { state in
                state.fetches += 1
                return (state.fetches, state.fails)
            }
            if fails { throw FileStoreError(.unavailable, action: "get", path: "it") }
            return Renewing<Int>.Lease(value: number, expiresAt: lifetime.map { now + $0 })
        }
    }

    private func renewing(_ source: Source, lifetime: Int64?) -> Renewing<Int> {
        let now = time.clock.now
        return Renewing(now: now) { () throws(FileStoreError) in try source.fetch(lifetime, now()) }
    }

    @Test func renewsAheadOfTheEnd() async throws {
        let renewing = renewing(Source(), lifetime: 3_600_000)
        #expect(try await renewing.value() == 1)
        time.advance(by: 3_200_000)
        #expect(try await renewing.value() == 1)
        time.advance(by: 101_000)
        #expect(try await renewing.value() == 2)
    }

    @Test func theOldValueServesWhileItIsValid() async throws {
        let source = Source()
        let renewing = renewing(source, lifetime: 3_600_000)
        _ = try await renewing.value()
        source.state.withLock { $0.fails = true }
        time.advance(by: 3_400_000)
        #expect(try await renewing.value() == 1)
        #expect(try await renewing.value() == 1)
        // Not asked again for each use.
        #expect(source.state.withLock { $0.fetches } == 2)
        time.advance(by: 190_000)
        await #expect(throws: FileStoreError.self) { try await renewing.value() }
        source.state.withLock { $0.fails = false }
        #expect(try await renewing.value() == 4)
    }

    @Test func whatDoesNotEndIsFetchedOnce() async throws {
        let renewing = renewing(Source(), lifetime: nil)
        _ = try await renewing.value()
        time.advance(by: .max / 4)
        #expect(try await renewing.value() == 1)
        await renewing.forget()
        #expect(try await renewing.value() == 2)
    }

    @Test func manyWaitForOneFetch() async throws {
        let source = Source()
        let renewing: Renewing<Int> = renewing(source, lifetime: 3_600_000)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<50 { group.addTask { [renewing] in try await renewing.value() } }
            for try await value in group { #expect(value == 1) }
        }
    }
}

@Suite("Slots")
struct SlotPoolTests {
    private final class Running: Sendable {
        let state = Mutex((now: 0, most: 0))
    }

    @Test func aCancelledWaiterLeavesTheQueue() async {
        let pool = SlotPool(slots: 1)
        #expect(await pool.take())
        let waiting = Task { await pool.take() }
        waiting.cancel()
        #expect(await waiting.value == false)
        await pool.give()
        #expect(await pool.take())
    }

    @Test func noMoreThanItsSlotsGoOn() async {
        let pool = SlotPool(slots: 3)
        let running = Running()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    guard await pool.take() else { return }
                    running.state.withLock { running in
                        running.now += 1
                        running.most = max(running.most, running.now)
                    }
                    for _ in 0..<5 { await Task.yield() }
                    running.state.withLock { $0.now -= 1 }
                    await pool.give()
                }
            }
        }
        #expect(running.state.withLock { $0.most } <= 3)
    }
}

@Suite("The end of a stream")
struct TailWindowTests {
    @Test func isKept() {
        var window = TailWindow()
        var bytes: [UInt8] = []
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<200 {
            let chunk = (0..<Int.random(in: 0...9_000, using: &generator)).map { UInt8(truncatingIfNeeded: $0) }
            bytes += chunk
            window.append(chunk)
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
