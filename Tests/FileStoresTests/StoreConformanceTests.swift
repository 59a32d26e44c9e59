import Crypto
import Foundation
import StoreStandIns
import Testing

@testable import FileStores

/// What every store promises.
@Suite("Store conformance")
struct StoreConformanceTests {
    private func with(_ kind: StoreUnderTest, _ body: (StoreBench) async throws -> Void) async throws {
        let bench = try await kind.makeBench()
        do {
            try await body(bench)
        } catch {
            await bench.close()
            throw error
        }
        if case .azblob(let standIn, _, _) = bench { #expect(standIn.objections == []) }
        await bench.close()
    }

    private func digest(_ bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).map { String(format: "%02x", $0) }.joined()
    }

    @Test(arguments: StoreUnderTest.available)
    func putsFilesOfAllSizes(kind: StoreUnderTest) async throws {
        try await with(kind) { bench in
            let store = try bench.store()
            for content in [[], Array("a,b\n1,2\n".utf8), bench.partedContent] {
                let half = content.count / 2
                let stored = try await store.put([Array(content[..<half]), [], Array(content[half...])])
                #expect(stored.location == store.location + "/" + FileKey.samplePath)
                #expect(stored.sizeBytes == Int64(content.count))
                #expect(stored.sha256 == digest(content))
                let seen = try await bench.visible()
                #expect(seen == content)
            }
        }
    }

    @Test(arguments: StoreUnderTest.available)
    func showsNothingBeforeTheEndAndNothingOnceAborted(kind: StoreUnderTest) async throws {
        try await with(kind) { bench in
            let store = try bench.store()
            let upload = try await store.begin(.sample, metadata: FileMetadata())
            try await upload.write(bench.partedContent)
            #expect(try await bench.visible() == nil)
            await upload.abort()
            await upload.abort()
            #expect(try await bench.visible() == nil)
            await #expect(throws: FileStoreError.self) { try await upload.write([1]) }
            await #expect(throws: FileStoreError.self) { try await upload.finish() }
            await #expect(throws: FileStoreError.self) { try await upload.restart() }
        }
    }

    @Test(arguments: StoreUnderTest.available)
    func restartsFromZero(kind: StoreUnderTest) async throws {
        try await with(kind) { bench in
            let store = try bench.store()
            let upload = try await store.begin(.sample, metadata: FileMetadata())
            try await upload.write(bench.partedContent)
            try await upload.restart()
            try await upload.write(Array("a\tb\n".utf8))
            let stored = try await upload.finish()
            #expect(stored.mediaType == .tsv)
            #expect(stored.sizeBytes == 4)
            #expect(try await bench.visible() == Array("a\tb\n".utf8))
            await upload.abort()
            #expect(try await bench.visible() == Array("a\tb\n".utf8))
        }
    }

    @Test(arguments: StoreUnderTest.available)
    func puttingAgainIsHarmless(kind: StoreUnderTest) async throws {
        try await with(kind) { bench in
            let store = try bench.store()
            let content = bench.partedContent
            let first = try await store.put([content])
            #expect(try await store.put([content]) == first)
            #expect(try await bench.visible() == content)
        }
    }

    @Test(arguments: StoreUnderTest.available)
    func uploadsRunSideBySide(kind: StoreUnderTest) async throws {
        try await with(kind) { bench in
            let store = try bench.store()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<12 {
                    group.addTask {
                        let key = try #require(FileKey(parts: ["same", "\(index)"]))
                        let content = Array(repeating: UInt8(index), count: 70_000 + index)
                        _ = try await store.put([content], key: key)
                        let seen = try await bench.visible(key)
                        #expect(seen == content)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test(arguments: StoreUnderTest.available)
    func keysOfAnyKindLeadToTheirFiles(kind: StoreUnderTest) async throws {
        try await with(kind) { bench in
            let store = try bench.store()
            let key = try #require(FileKey(parts: ["a b+c", "100%", "ü~", "d:e=f,g@h", "..", "x?y#z&.csv"]))
            let stored = try await store.put([[1, 2, 3]], key: key)
            #expect(try await store.read(stored.location, limit: 100) == [1, 2, 3])
        }
    }

    @Test(arguments: StoreUnderTest.available)
    func listsAnArchive(kind: StoreUnderTest) async throws {
        try await with(kind) { bench in
            var archive = ZipSample(members: [("a.csv", 3), ("folder/", 0), ("folder/b.csv", 70_000)])
            archive.padding = bench.partedContent.count
            let bytes = archive.bytes
            let chunks = stride(from: 0, to: bytes.count, by: 60_000).map { Array(bytes[$0...].prefix(60_000)) }
            let stored = try await bench.store().put(chunks)
            #expect(stored.mediaType == .zip)
            #expect(
                stored.entries == [
                    FileEntry(name: "a.csv", sizeBytes: 3), FileEntry(name: "folder/b.csv", sizeBytes: 70_000),
                ]
            )
        }
    }

    @Test(arguments: StoreUnderTest.available)
    func checkShowsNobodyAnything(kind: StoreUnderTest) async throws {
        try await with(kind) { bench in
            let store = try bench.store()
            try await store.check()
            let key = try #require(FileKey(parts: ["payout-export-check"]))
            #expect(try await bench.visible(key) == nil)
        }
    }

    @Test(arguments: StoreUnderTest.available)
    func readsOnlyItsOwn(kind: StoreUnderTest) async throws {
        try await with(kind) { bench in
            let store = try bench.store()
            for location in ["file:///etc/passwd", "s3://other/x", "azblob://other/x/y", ""] {
                await #expect(throws: FileStoreError.self) { try await store.read(location, limit: 10) }
            }
        }
    }

    // MARK: Crashes

    /// The file store's calls are not requests; its own suite lets a crash come between any two of them.
    @Test(arguments: StoreUnderTest.available.filter { $0 != .file }, WireCut.Mode.allCases)
    func aCrashBetweenAnyTwoRequestsLeavesAWholeFileOrNone(kind: StoreUnderTest, mode: WireCut.Mode) async throws {
        let bench = try await kind.makeBench()
        let content = bench.partedContent
        var (crashes, wholes) = (0, 0)
        for requests in 0..<30 {
            let key = try #require(FileKey(parts: ["crash-\(requests)", "a.csv"]))
            let cut = WireCut(after: requests, mode)
            let stored = try? await bench.store(cut).put([content], key: key)
            guard cut.isOver else {
                #expect(stored != nil)
                break
            }
            crashes += 1
            let before = try await bench.visible(key)
            #expect(before == nil || before == content)
            // An event is only written for what the store has said is there.
            #expect(stored == nil || before == content)
            if before != nil { wholes += 1 }
            // The worker that takes over puts the file again.
            let again = try await bench.store().put([content], key: key)
            #expect(again.sizeBytes == Int64(content.count))
            let after = try await bench.visible(key)
            #expect(after == content)
        }
        // The parts and the end, and for S3 the beginning and the tag.
        #expect(crashes >= 4)
        #expect(wholes >= (mode == .after ? 1 : 0))
        // A day later nothing is left of the uploads that never came to their end.
        let later = StoreClock.system.now() + 90_000_000
        if kind == .s3 {
            // Signed at that moment a request would be refused, so only what is abandoned goes by it.
            let store = try #require(try bench.store() as? S3FileStore)
            let swept = try await store.sweep(abandonedBefore: later)
            #expect(swept > 0)
            #expect(try await store.sweep(abandonedBefore: later) == 0)
        }
        await bench.close()
    }

    @Test(arguments: StoreUnderTest.available.filter { $0 != .file })
    func aCrashWhileReplacingKeepsTheOldFile(kind: StoreUnderTest) async throws {
        try await with(kind) { bench in
            let content = bench.partedContent
            for requests in [0, 2, 3] {
                _ = try await bench.store().put([[1]])
                _ = try? await bench.store(WireCut(after: requests, .before)).put([content])
                let seen = try await bench.visible()
                #expect(seen == [1] || seen == content)
            }
        }
    }
}
