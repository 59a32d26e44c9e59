import Foundation
import NIOCore
import Primitives

/// Writes a download to a file that gets its name at the end. `PayoutClient` makes one for each download to a file. Runs on a
/// thread that may block.
actor FileWriter: BlobConsumer {
    private let path: String
    private let executor = QueueExecutor(label: "PayoutAPI.FileWriter")
    private var file: PartFile?

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ destination: URL) { path = destination.path(percentEncoded: false) }

    func begin(_ info: BlobInfo) throws { if file == nil { file = try PartFile(for: path) } }

    func receive(_ chunk: ByteBuffer) throws { try chunk.withUnsafeReadableBytes { try file?.write($0) } }

    func restart() throws { try file?.truncate() }

    /// Makes the file durable and gives it its name.
    func finish() throws {
        try file?.commit()
        file = nil
    }

    /// Removes what was written; does nothing after ``finish()``.
    func discard() { file = nil }
}
