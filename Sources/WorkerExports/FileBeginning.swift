import ExportCore
import FileStores
import NIOCore
import Primitives
import Synchronization

/// The first bytes of a file that is being stored. They decide whether it can be an export: delimited text or an archive.
final class FileBeginning: Sendable {
    private let bytes = Mutex<[UInt8]>([])

    /// Adds the file's next bytes.
    ///
    /// - Throws: ``UnsuitableFile`` as soon as it is certain that the file is neither, so that a large one is not stored first.
    func add(_ chunk: ByteBuffer) throws(UnsuitableFile) {
        let bytes = bytes.withLock { bytes -> [UInt8]? in
            let missing = MediaType.decisiveBytes - bytes.count
            guard missing > 0 else { return nil }
            bytes += chunk.readableBytesView.prefix(missing)
            return bytes.count == MediaType.decisiveBytes ? bytes : nil
        }
        if let bytes, MediaType(detecting: bytes) == .binary { throw UnsuitableFile(bytes) }
    }

    /// The file begins again.
    func restart() { bytes.withLock { $0 = [] } }

    /// Checks a file that is no delimited text.
    func expectArchive() throws(UnsuitableFile) {
        let bytes = bytes.withLock { $0 }
        guard MediaType(detecting: bytes).isArchive else { throw UnsuitableFile(bytes) }
    }
}

/// A file is neither delimited text nor an archive.
struct UnsuitableFile: Error {
    private let signature: String

    init(_ bytes: [UInt8]) { signature = Hexadecimal.encoded(bytes.prefix(8)) }

    /// What is wrong with the file, and how to obtain it.
    func description(_ call: Call) -> String {
        let command = "payout-worker export download --kind \(call.job.kind.name) \(call.requestID ?? "REQUEST_ID")"
        return
            "The file is neither delimited text nor a ZIP or gzip archive: it begins with the bytes \(signature). It was not stored, and the export is kept at the service. '\(command)' downloads it unchanged; if it is right, load it by hand."
    }
}
