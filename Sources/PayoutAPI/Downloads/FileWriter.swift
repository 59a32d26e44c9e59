import Dispatch
import Foundation
import NIOCore

/// Writes a download to a hidden file beside its destination and renames it at the end. `PayoutClient` makes one for each
/// download to a file. Runs on a thread that may block.
actor FileWriter: BlobConsumer {
    private let destination: URL
    private let temporary: URL
    private let executor = BlockingExecutor()
    private var handle: FileHandle?

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ destination: URL) {
        self.destination = destination
        temporary = destination.deletingLastPathComponent()
            .appending(path: ".\(destination.lastPathComponent).\(UUID().uuidString).part")
    }

    func begin(_ info: BlobInfo) throws {
        if handle != nil { return }
        try Data().write(to: temporary, options: .withoutOverwriting)
        handle = try FileHandle(forWritingTo: temporary)
    }

    func receive(_ chunk: ByteBuffer) throws {
        try chunk.withUnsafeReadableBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            // The same memory: the data does not outlive the call.
            let data = Data(
                bytesNoCopy: UnsafeMutableRawPointer(mutating: start),
                count: bytes.count,
                deallocator: .none
            )
            try handle?.write(contentsOf: data)
        }
    }

    func restart() throws { try handle?.truncate(atOffset: 0) }

    /// Makes the file durable and gives it its name.
    func finish() throws {
        try handle?.synchronize()
        try handle?.close()
        handle = nil
        guard rename(temporary.path, destination.path) == 0 else {
            throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: destination.path])
        }
    }

    /// Removes what was written; does nothing after ``finish()``.
    func discard() {
        try? handle?.close()
        handle = nil
        try? FileManager.default.removeItem(at: temporary)
    }
}

/// Runs an actor on a thread of Dispatch: file system calls block, and the cooperative pool must not.
private final class BlockingExecutor: SerialExecutor {
    private let queue = DispatchQueue(label: "PayoutAPI.FileWriter", qos: .utility)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
