import Foundation
import StoreStandIns
import Testing

@testable import FileStores

/// The guarantees of every store: each test runs with a local directory, S3 and Azure Blob Storage.
@Suite("Store conformance")
struct StoreConformanceTests {
    private func with(_ kind: StoreUnderTest, _ body: (StoreFixture) async throws -> Void) async throws {
        let fixture = try await kind.makeFixture()
        do {
            try await body(fixture)
        } catch {
            await fixture.close()
            throw error
        }
        if case .azblob(let standIn, _, _) = fixture { #expect(standIn.objections == []) }
        await fixture.close()
    }

    @Test(arguments: StoreUnderTest.available)
    func filesOfAllSizesAreStored(kind: StoreUnderTest) async throws {
        try await with(kind) { fixture in
            let store = try fixture.store()
            for content in [[], Array("a,b\n1,2\n".utf8), fixture.partedContent] {
                let half = content.count / 2
                let stored = try await store.put([Array(content[..<half]), [], Array(content[half...])])
                #expect(stored.location == store.location + "/" + FileKey.samplePath)
                #expect(stored.sizeBytes == Int64(content.count))
                let seen = try await fixture.visible()
                #expect(seen == content)
            }
        }
    }

    @Test(arguments: StoreUnderTest.available)
    func unfinishedAndAbortedUploadsAreInvisible(kind: StoreUnderTest) async throws {
        try await with(kind) { fixture in
            let store = try fixture.store()
            let upload = try await store.begin(.sample, metadata: FileMetadata())
            try await upload.write(fixture.partedContent)
            #expect(try await fixture.visible() == nil)
            await upload.abort()
            await upload.abort()
            #expect(try await fixture.visible() == nil)
            await #expect(throws: FileStoreError.self) { try await upload.write([1]) }
            await #expect(throws: FileStoreError.self) { try await upload.finish(of: []) }
            await #expect(throws: FileStoreError.self) { try await upload.restart() }
        }
    }

    @Test(arguments: StoreUnderTest.available)
    func restartedUploadBeginsFromZero(kind: StoreUnderTest) async throws {
        try await with(kind) { fixture in
            let store = try fixture.store()
            let upload = try await store.begin(.sample, metadata: FileMetadata())
            try await upload.write(fixture.partedContent)
            try await upload.restart()
            try await upload.write(Array("a\tb\n".utf8))
            let stored = try await upload.finish(of: Array("a\tb\n".utf8))
            #expect(stored.mediaType == .tsv)
            #expect(stored.sizeBytes == 4)
            #expect(try await fixture.visible() == Array("a\tb\n".utf8))
            await upload.abort()
            #expect(try await fixture.visible() == Array("a\tb\n".utf8))
        }
    }

    @Test(arguments: StoreUnderTest.available)
    func storingAgainYieldsTheSameFile(kind: StoreUnderTest) async throws {
        try await with(kind) { fixture in
            let store = try fixture.store()
            let content = fixture.partedContent
            let first = try await store.put([content])
            #expect(try await store.put([content]) == first)
            #expect(try await fixture.visible() == content)
        }
    }

    @Test(arguments: StoreUnderTest.available)
    func concurrentUploadsAreIndependent(kind: StoreUnderTest) async throws {
        try await with(kind) { fixture in
            let store = try fixture.store()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<12 {
                    group.addTask {
                        let key = try #require(FileKey(parts: ["same", "\(index)"]))
                        let content = Array(repeating: UInt8(index), count: 70_000 + index)
                        _ = try await store.put([content], key: key)
                        let seen = try await fixture.visible(key)
                        #expect(seen == content)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test(arguments: StoreUnderTest.available)
    func fileWithSpecialCharactersInItsKeyIsReadable(kind: StoreUnderTest) async throws {
        try await with(kind) { fixture in
            let store = try fixture.store()
            let key = try #require(FileKey(parts: ["a b+c", "100%", "ü~", "d:e=f,g@h", "..", "x?y#z&.csv"]))
            let stored = try await store.put([[1, 2, 3]], key: key)
            #expect(try await store.read(stored.location, limit: 100) == [1, 2, 3])
        }
    }

    @Test(arguments: StoreUnderTest.available)
    func membersOfAnArchiveAreListed(kind: StoreUnderTest) async throws {
        try await with(kind) { fixture in
            var archive = ZipSample(members: [("a.csv", 3), ("folder/", 0), ("folder/b.csv", 70_000)])
            archive.padding = fixture.partedContent.count
            let bytes = archive.bytes
            let chunks = stride(from: 0, to: bytes.count, by: 60_000).map { Array(bytes[$0...].prefix(60_000)) }
            let stored = try await fixture.store().put(chunks)
            #expect(stored.mediaType == .zip)
            #expect(
                stored.entries == [
                    FileEntry(name: "a.csv", sizeBytes: 3), FileEntry(name: "folder/b.csv", sizeBytes: 70_000),
                ]
            )
        }
    }

    @Test(arguments: StoreUnderTest.available)
    func checkLeavesNothingVisible(kind: StoreUnderTest) async throws {
        try await with(kind) { fixture in
            let store = try fixture.store()
            try await store.check()
            let key = try #require(FileKey(parts: ["payout-export-check"]))
            #expect(try await fixture.visible(key) == nil)
        }
    }

    @Test(arguments: StoreUnderTest.available)
    func locationsOfOtherStoresAreRefused(kind: StoreUnderTest) async throws {
        try await with(kind) { fixture in
            let store = try fixture.store()
            for location in ["file:///etc/passwd", "s3://other/x", "azblob://other/x/y", ""] {
                await #expect(throws: FileStoreError.self) { try await store.read(location, limit: 10) }
            }
        }
    }

    // MARK: Crashes

    /// Without the local store, which sends no requests: `LocalFileStoreFaultTests` lets it crash between any two calls.
    @Test(arguments: StoreUnderTest.available.filter { $0 != .file }, WireCut.Mode.allCases)
    func crashBetweenAnyTwoRequestsLeavesAWholeFileOrNone(kind: StoreUnderTest, mode: WireCut.Mode) async throws {
        let fixture = try await kind.makeFixture()
        let content = fixture.partedContent
        var (crashes, wholes) = (0, 0)
        for requests in 0..<30 {
            let key = try #require(FileKey(parts: ["crash-\(requests)", "a.csv"]))
            let cut = WireCut(after: requests, mode)
            let stored = try? await fixture.store(cut).put([content], key: key)
            guard cut.isOver else {
                #expect(stored != nil)
                break
            }
            crashes += 1
            let before = try await fixture.visible(key)
            #expect(before == nil || before == content)
            // A completion event is published only for a file that the store has confirmed.
            #expect(stored == nil || before == content)
            if before != nil { wholes += 1 }
            // The next owner stores the file again.
            let again = try await fixture.store().put([content], key: key)
            #expect(again.sizeBytes == Int64(content.count))
            let after = try await fixture.visible(key)
            #expect(after == content)
        }
        // The requests are the parts and the commit, and for S3 the beginning and the tag.
        #expect(crashes >= 4)
        #expect(wholes >= (mode == .after ? 1 : 0))
        // A day later a sweep removes the uploads that were never finished.
        let later = StoreClock.system.now() + 90_000_000
        if kind == .s3 {
            // Requests are signed with the present time, or the store would refuse them; only the sweep's limit is later.
            let store = try #require(try fixture.store() as? S3FileStore)
            let swept = try await store.sweep(abandonedBefore: later)
            #expect(swept > 0)
            #expect(try await store.sweep(abandonedBefore: later) == 0)
        }
        await fixture.close()
    }

    @Test(arguments: StoreUnderTest.available.filter { $0 != .file })
    func crashWhileReplacingLeavesTheOldOrTheNewFile(kind: StoreUnderTest) async throws {
        try await with(kind) { fixture in
            let content = fixture.partedContent
            for requests in [0, 2, 3] {
                _ = try await fixture.store().put([[1]])
                _ = try? await fixture.store(WireCut(after: requests, .before)).put([content])
                let seen = try await fixture.visible()
                #expect(seen == [1] || seen == content)
            }
        }
    }
}
