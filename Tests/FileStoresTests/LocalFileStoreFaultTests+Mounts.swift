import Foundation
import Testing
import TestSupport

@testable import FileStores

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The local store on a file system that is unmounted.
extension LocalFileStoreFaultTests {
    /// A store on a system where `point` is a mount point while `isMounted` is set.
    private func mounted(at point: String, _ isMounted: Box<Bool>) -> LocalFileStore {
        store { calls in
            calls.device = { path throws(SystemError) in
                (path == point || path.hasPrefix(point + "/")) && isMounted.value ? 2 : 1
            }
        }
    }

    @Test(arguments: ["", "/.."]) func unmountedFileSystemIsReportedUntilMountedAgain(above: String) async throws {
        let isMounted = Box(true)
        let point =
            above.isEmpty
            ? directory.path : String(directory.path[..<(directory.path.lastIndex(of: "/") ?? directory.path.endIndex)])
        let store = mounted(at: point, isMounted)
        _ = try await store.put([content])
        let upload = try await store.begin(.sample, metadata: FileMetadata())
        isMounted.value = false
        for attempt in [
            { try await store.check() }, { _ = try await store.put([[1]]) }, { _ = try await upload.finish(of: []) },
        ] {
            let error = await #expect(throws: FileStoreError.self) { try await attempt() }
            #expect(error?.kind == .unmounted)
            #expect(error?.concernsStore == true)
            #expect(error?.description.contains("\(point): its file system is not mounted any more") == true)
        }
        await upload.abort()
        #expect(directory.files() == [FileKey.samplePath: content])
        // The store works again once the file system is mounted.
        isMounted.value = true
        _ = try await store.put([[1]])
        #expect(directory.files() == [FileKey.samplePath: [1]])
    }

    @Test func storeOnTheRootFileSystemNeedsNoMount() async throws {
        let store = store { $0.device = { _ throws(SystemError) in 1 } }
        _ = try await store.put([content])
        _ = try await store.put([[1]])
        #expect(directory.files() == [FileKey.samplePath: [1]])
    }

    @Test func checkReportsAFailedWrite() async throws {
        let failing = store { $0.write = { _, _, _ throws(SystemError) in throw SystemError(number: EDQUOT) } }
        let error = await #expect(throws: FileStoreError.self) { try await failing.check() }
        #expect(error?.kind == .quotaExceeded)
        #expect(directory.files().isEmpty)
    }
}
