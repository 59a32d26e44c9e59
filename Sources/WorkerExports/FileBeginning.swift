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
    /// - Throws: ``UnsuitableContent`` as soon as it is certain that the file is neither, so that a large one is not stored first.
    func add(_ chunk: ByteBuffer) throws(UnsuitableContent) {
        let bytes = bytes.withLock { bytes -> [UInt8]? in
            let missing = MediaType.decisiveBytes - bytes.count
            guard missing > 0 else { return nil }
            bytes += chunk.readableBytesView.prefix(missing)
            return bytes.count == MediaType.decisiveBytes ? bytes : nil
        }
        if let bytes, MediaType(detecting: bytes) == .binary { throw UnsuitableContent(bytes) }
    }

    /// The file begins again.
    func restart() { bytes.withLock { $0 = [] } }

    /// Checks a file that is no delimited text.
    func expectArchive() throws(UnsuitableContent) {
        let bytes = bytes.withLock { $0 }
        guard MediaType(detecting: bytes).isArchive else { throw UnsuitableContent(bytes) }
    }
}

/// A file is neither delimited text nor an archive.
struct UnsuitableContent: Error {
    /// The first bytes in hexadecimal digits.
    let signature: String

    init(_ bytes: [UInt8]) { signature = Hexadecimal.encoded(bytes.prefix(8)) }
}

extension UnsuitableFile {
    /// The file of a call that found such content.
    init(_ call: Call, _ content: UnsuitableContent) {
        self.init(kind: call.job.kind.name, requestID: call.requestID, signature: content.signature)
    }
}
