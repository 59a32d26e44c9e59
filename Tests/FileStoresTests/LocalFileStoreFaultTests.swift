import Foundation
import Synchronization
import Testing

@testable import FileStores

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// File system calls of which the first ones succeed and all later ones fail, as after a crash.
private final class Crash: Sendable {
    private let remaining: Mutex<Int>

    init(after calls: Int) { remaining = Mutex(calls) }

    var isOver: Bool { remaining.withLock { $0 < 0 } }

    func step() throws(SystemError) {
        let isAlive = remaining.withLock { remaining in
            remaining -= 1
            return remaining >= 0
        }
        if !isAlive { throw SystemError(number: EIO) }
    }

    var calls: FileSystemCalls {
        let system = FileSystemCalls.system
        return FileSystemCalls(
            makeDirectory: { path, mode throws(SystemError) in
                try self.step()
                try system.makeDirectory(path, mode)
            },
            createFile: { path, mode throws(SystemError) in
                try self.step()
                return try system.createFile(path, mode)
            },
            write: { file, bytes, offset throws(SystemError) in
                try self.step()
                // Half of the bytes, so that a crash also occurs within a chunk.
                let half = UnsafeRawBufferPointer(rebasing: bytes[..<((bytes.count + 1) / 2)])
                return try system.write(file, half, offset)
            },
            read: { file, count, offset throws(SystemError) in
                try self.step()
                return try system.read(file, count, offset)
            },
            sync: { file throws(SystemError) in
                try self.step()
                try system.sync(file)
            },
            syncDirectory: { path throws(SystemError) in
                try self.step()
                try system.syncDirectory(path)
            },
            rename: { from, to throws(SystemError) in
                try self.step()
                try system.rename(from, to)
            },
            remove: { path throws(SystemError) in
                try self.step()
                try system.remove(path)
            },
            device: { path throws(SystemError) in try system.device(path) },
            // The system closes the files of a process that has ended.
            close: { file in system.close(file) }
        )
    }
}

/// A fault of the first call alone.
private final class OneFault: Sendable {
    private let hasStruck = Mutex(false)

    func strike() throws(SystemError) {
        let isFirst = hasStruck.withLock { hasStruck in
            defer { hasStruck = true }
            return !hasStruck
        }
        if isFirst { throw SystemError(number: EIO) }
    }
}

/// The local store under crashes and failing system calls.
@Suite("Local file store, faults")
struct LocalFileStoreFaultTests {
    let directory: TemporaryDirectory
    let content = (0..<100).map { UInt8($0) }

    init() throws { directory = try TemporaryDirectory() }

    func store(_ change: (inout FileSystemCalls) -> Void) -> LocalFileStore {
        var calls = FileSystemCalls.system
        change(&calls)
        return LocalFileStore(root: directory.path, calls: calls)
    }

    @Test func crashAtAnyCallLeavesAWholeFileOrNone() async throws {
        var (crashes, leftovers, wholes) = (0, 0, 0)
        for calls in 0..<200 {
            let directory = try TemporaryDirectory()
            let crash = Crash(after: calls)
            let crashing = LocalFileStore(root: directory.path, calls: crash.calls)
            let stored = try? await crashing.put([content, content])
            #expect((stored == nil) == crash.isOver)
            guard crash.isOver else { break }
            crashes += 1
            let before = directory.files()
            if let file = before[FileKey.samplePath] {
                #expect(file == content + content)
                wholes += 1
            }
            leftovers += directory.leftovers.isEmpty ? 0 : 1

            // The next owner stores the file again; the leftover is swept when it is a day old.
            let next = LocalFileStore(root: directory.path)
            #expect(try await next.put([content + content]).sizeBytes == 200)
            for path in directory.leftovers {
                let old = Date(timeIntervalSinceNow: -90_000)
                try FileManager.default.setAttributes(
                    [.modificationDate: old],
                    ofItemAtPath: directory.path + "/" + path
                )
            }
            _ = try await next.sweep()
            #expect(directory.files() == [FileKey.samplePath: content + content])
        }
        // Directories, the file, writes, fsync, rename, fsync of the directory: each of them has failed.
        #expect(crashes > 20)
        #expect(leftovers > 5)
        #expect(wholes == 1)
    }

    @Test func fileIsSyncedBeforeItIsRenamed() async throws {
        let log = Mutex<[String]>([])
        let logging = store { calls in
            let system = FileSystemCalls.system
            calls.write = { file, bytes, offset throws(SystemError) in
                log.withLock { $0.append("write") }
                return try system.write(file, bytes, offset)
            }
            calls.sync = { file throws(SystemError) in
                log.withLock { $0.append("sync") }
                try system.sync(file)
            }
            calls.rename = { from, to throws(SystemError) in
                log.withLock { $0.append("rename") }
                try system.rename(from, to)
            }
            calls.syncDirectory = { path throws(SystemError) in
                log.withLock { $0.append(path.hasSuffix("j:1") ? "sync directory" : "sync parent") }
                try system.syncDirectory(path)
            }
        }
        _ = try await logging.put([content])
        // Six directories are new, the innermost being the file's own.
        let parents = Array(repeating: "sync parent", count: 6)
        #expect(log.withLock { $0 } == parents + ["write", "sync", "rename", "sync directory"])
    }

    @Test func crashWhileReplacingLeavesTheOldOrTheNewFile() async throws {
        for calls in 0..<100 {
            let directory = try TemporaryDirectory()
            _ = try await LocalFileStore(root: directory.path).put([[1]])
            let crash = Crash(after: calls)
            _ = try? await LocalFileStore(root: directory.path, calls: crash.calls).put([content])
            guard crash.isOver else { return }
            let file = directory.files()[FileKey.samplePath]
            #expect(file == [1] || file == content)
        }
        #expect(Bool(false), "the upload never completed")
    }

    @Test(arguments: [
        (ENOSPC, FileStoreError.Kind.noSpace, true), (EDQUOT, .quotaExceeded, true), (EROFS, .readOnly, true),
        (EACCES, .accessDenied, false), (EPERM, .accessDenied, false), (ENOTDIR, .notADirectory, false),
        (EMFILE, .tooManyOpenFiles, true), (ENAMETOOLONG, .nameTooLong, false), (ESTALE, .vanished, false),
        (EIO, .ioFailure, true), (EFBIG, .fileTooLarge, false),
    ])
    func systemErrorIsClassified(number: Int32, kind: FileStoreError.Kind, concernsStore: Bool) async throws {
        let failing = store { $0.createFile = { _, _ throws(SystemError) in throw SystemError(number: number) } }
        let error = await #expect(throws: FileStoreError.self) { try await failing.put([content]) }
        #expect(error?.kind == kind)
        #expect(error?.concernsStore == concernsStore)
        #expect(error?.systemError == number)
        #expect(error?.description.contains(directory.path) == true)
    }

    @Test func uploadToAFullDiskLeavesNothingOnceAborted() async throws {
        let failing = store { calls in
            calls.write = { file, bytes, offset throws(SystemError) in
                guard offset < 150 else { throw SystemError(number: ENOSPC) }
                return try FileSystemCalls.system.write(
                    file,
                    UnsafeRawBufferPointer(rebasing: bytes.prefix(10)),
                    offset
                )
            }
        }
        let upload = try await failing.begin(.sample, metadata: FileMetadata())
        try await upload.write(content)
        let error = await #expect(throws: FileStoreError.self) { try await upload.write(content) }
        #expect(error?.kind == .noSpace)
        // No write is accepted after an error: the file would have a hole.
        let again = await #expect(throws: FileStoreError.self) { try await upload.write([1]) }
        #expect(again?.kind == .uploadEnded)
        await #expect(throws: FileStoreError.self) { try await upload.finish(of: []) }
        await upload.abort()
        #expect(directory.files().isEmpty)
    }

    @Test func restartSucceedsAfterAFailedSync() async throws {
        let fault = OneFault()
        let failing = store { calls in
            calls.sync = { file throws(SystemError) in
                try fault.strike()
                try FileSystemCalls.system.sync(file)
            }
        }
        try await expectSecondTryToSucceed(failing)
    }

    @Test func restartSucceedsAfterAFailedRename() async throws {
        let fault = OneFault()
        let failing = store { calls in
            calls.rename = { from, to throws(SystemError) in
                try fault.strike()
                try FileSystemCalls.system.rename(from, to)
            }
        }
        try await expectSecondTryToSucceed(failing)
    }

    private func expectSecondTryToSucceed(_ store: LocalFileStore) async throws {
        let upload = try await store.begin(.sample, metadata: FileMetadata())
        try await upload.write([1])
        let error = await #expect(throws: FileStoreError.self) { try await upload.finish(of: []) }
        #expect(error?.kind == .ioFailure)
        #expect(directory.files()[FileKey.samplePath] == nil)
        // The content of the device is unknown, so the upload cannot be finished without a restart.
        let again = await #expect(throws: FileStoreError.self) { try await upload.finish(of: []) }
        #expect(again?.kind == .uploadEnded)
        try await upload.restart()
        #expect(directory.leftovers.count == 1)
        try await upload.write(content)
        #expect(try await upload.finish(of: []).sizeBytes == 100)
        #expect(directory.files() == [FileKey.samplePath: content])
    }
}
