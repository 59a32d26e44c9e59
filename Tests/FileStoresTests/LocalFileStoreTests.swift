import Foundation
import Testing

@testable import FileStores

/// The store in a local directory, on a file system without faults.
@Suite("Local file store")
struct LocalFileStoreTests {
    private let directory: TemporaryDirectory
    private let store: LocalFileStore

    init() throws {
        directory = try TemporaryDirectory()
        store = LocalFileStore(root: directory.path + "/exports")
    }

    @Test func storedFileHasLocationSizeAndType() async throws {
        let content = Array("a,b\n1,2\n".utf8)
        let stored = try await store.put([Array(content[..<3]), [], Array(content[3...])])
        #expect(stored.location == "file://\(directory.path)/exports/\(FileKey.samplePath)")
        #expect(stored.sizeBytes == Int64(content.count))
        #expect(stored.mediaType == .csv)
        #expect(stored.entries.isEmpty)
        #expect(directory.files() == ["exports/" + FileKey.samplePath: content])
    }

    @Test func emptyFileIsStored() async throws {
        let stored = try await store.put([])
        #expect(stored.sizeBytes == 0)
    }

    @Test func locationIsTheFilesURL() async throws {
        let store = LocalFileStore(root: directory.path + "/a b%ü")
        let key = try #require(FileKey(parts: ["x y", "100%.csv"]))
        let stored = try await store.put([[1]], key: key)
        let url = try #require(URL(string: stored.location))
        #expect(Array(try Data(contentsOf: url)) == [1])
        #expect(store.location == "file://\(directory.path)/a%20b%25%C3%BC")
    }

    @Test func unfinishedUploadIsHidden() async throws {
        let upload = try await store.begin(.sample, metadata: FileMetadata())
        try await upload.write([1, 2, 3])
        #expect(directory.files().keys.allSatisfy { $0.contains("/.payout-export-") && $0.hasSuffix(".part") })
        #expect(directory.leftovers.count == 1)
        await upload.abort()
        #expect(directory.files().isEmpty)
        await upload.abort()
    }

    @Test func storingAgainReplacesTheFile() async throws {
        let first = try await store.put([[1, 2]])
        #expect(try await store.put([[1], [2]]) == first)
        #expect(directory.files() == ["exports/" + FileKey.samplePath: [1, 2]])
        _ = try await store.put([[3]])
        #expect(directory.files() == ["exports/" + FileKey.samplePath: [3]])
    }

    @Test func restartedUploadBeginsFromZero() async throws {
        let upload = try await store.begin(.sample, metadata: FileMetadata())
        try await upload.write(Array("PK\u{3}\u{4} not what comes".utf8))
        try await upload.restart()
        try await upload.write(Array("a\tb\n".utf8))
        let stored = try await upload.finish(of: [])
        #expect(stored.mediaType == .tsv)
        #expect(stored.sizeBytes == 4)
        #expect(directory.files() == ["exports/" + FileKey.samplePath: Array("a\tb\n".utf8)])
    }

    @Test func finishedUploadRefusesFurtherCalls() async throws {
        let upload = try await store.begin(.sample, metadata: FileMetadata())
        _ = try await upload.finish(of: [])
        await upload.abort()
        #expect(directory.files().count == 1)
        await #expect(throws: FileStoreError.self) { try await upload.write([1]) }
        await #expect(throws: FileStoreError.self) { try await upload.finish(of: []) }
        await #expect(throws: FileStoreError.self) { try await upload.restart() }
    }

    @Test func concurrentUploadsAreIndependent() async throws {
        let store = store
        try await withThrowingTaskGroup(of: StoredFile.self) { group in
            for index in 0..<40 {
                group.addTask {
                    let key = try #require(FileKey(parts: ["same", "\(index % 10)"]))
                    return try await store.put(Array(repeating: [UInt8(index % 10)], count: 50), key: key)
                }
            }
            for try await stored in group { #expect(stored.sizeBytes == 50) }
        }
        let files = directory.files()
        #expect(files.count == 10)
        for (path, content) in files { #expect(content == Array(repeating: UInt8(path.suffix(1))!, count: 50)) }
    }

    @Test func releasedUploadRemovesItsHiddenFile() async throws {
        do {
            let upload = try await store.begin(.sample, metadata: FileMetadata())
            try await upload.write([1])
        }
        // The store's own thread removes the file, some time later.
        let deadline = ContinuousClock.now + .seconds(300)
        while !directory.leftovers.isEmpty, ContinuousClock.now < deadline { await Task.yield() }
        #expect(directory.leftovers.isEmpty)
    }

    @Test func membersOfAZIPArchiveAreListed() async throws {
        let archive = ZipSample(members: [("a.csv", 3), ("folder/", 0), ("folder/b.csv", 70_000)]).bytes
        let stored = try await store.put([archive])
        #expect(stored.mediaType == .zip)
        #expect(
            stored.entries == [
                FileEntry(name: "a.csv", sizeBytes: 3), FileEntry(name: "folder/b.csv", sizeBytes: 70_000),
            ]
        )
    }

    // MARK: Check and sweep

    @Test func checkLeavesOnlyTheDirectory() async throws {
        try await store.check()
        #expect(FileManager.default.fileExists(atPath: directory.path + "/exports"))
        #expect(directory.files().isEmpty)
    }

    @Test func checkReportsAFileInPlaceOfTheStore() async throws {
        _ = FileManager.default.createFile(atPath: directory.path + "/exports", contents: nil)
        let error = await #expect(throws: FileStoreError.self) { try await store.check() }
        #expect(error?.kind == .notADirectory)
        #expect(error?.concernsStore == false)
        #expect(error?.description.contains(directory.path) == true)
    }

    @Test func fileInPlaceOfADirectoryIsReported() async throws {
        try FileManager.default.createDirectory(
            atPath: directory.path + "/exports/default",
            withIntermediateDirectories: true
        )
        _ = FileManager.default.createFile(atPath: directory.path + "/exports/default/payments", contents: nil)
        let error = await #expect(throws: FileStoreError.self) { try await store.put([[1]]) }
        #expect(error?.kind == .notADirectory)
    }

    @Test func directoryWithTheFilesNameIsReported() async throws {
        let path = directory.path + "/exports/" + FileKey.samplePath
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let error = await #expect(throws: FileStoreError.self) { try await store.put([[1]]) }
        #expect(error?.kind == .nameTaken)
    }

    @Test func sweepRemovesOldLeftoversOnly() async throws {
        let root = directory.path + "/exports"
        let names = [
            "a/b/.payout-export-0123456789abcdef0123456789abcdef.part",
            ".payout-export-00000000000000000000000000000000.part",
            ".payout-export-mine.part", "a/.hidden", "a/file.csv",
        ]
        let old = Date(timeIntervalSinceNow: -90_000)
        for name in names {
            let url = URL(fileURLWithPath: root + "/" + name)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data([1]).write(to: url)
            try FileManager.default.setAttributes([.modificationDate: old], ofItemAtPath: url.path)
        }
        let inProgress = try await store.begin(.sample, metadata: FileMetadata())
        #expect(try await store.sweep() == 2)
        #expect(try await store.sweep() == 0)
        #expect(directory.files().count == 4)
        #expect(try await inProgress.finish(of: []).sizeBytes == 0)
    }

    @Test func sweepOfAMissingDirectoryRemovesNothing() async throws {
        #expect(try await store.sweep() == 0)
    }

    // MARK: Modes

    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: directory.path + "/" + path)
        return try #require(attributes[.posixPermissions] as? Int)
    }

    @Test(arguments: [("0640", 0o640, 0o750), ("600", 0o600, 0o700), ("0664", 0o664, 0o775)])
    func filesAndFoldersHaveTheConfiguredMode(text: String, file: Int, folder: Int) async throws {
        let store = LocalFileStore(root: directory.path + "/exports", mode: try #require(FileMode(text)))
        let upload = try await store.begin(.sample, metadata: FileMetadata())
        #expect(try mode(try #require(directory.leftovers.first)) == file)
        _ = try await upload.finish(of: [])
        #expect(try mode("exports/" + FileKey.samplePath) == file)
        #expect(try mode("exports") == folder)
        #expect(try mode("exports/default") == folder)
    }

    @Test(arguments: ["", "640x", "0740", "0440", "640 ", "-640", "00640", "0888", "u=rw"])
    func invalidModeIsRefused(text: String) { #expect(FileMode(text) == nil) }
}
