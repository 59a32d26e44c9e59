import Crypto
import Foundation
import Primitives

/// A file as it is downloaded: rows, or rows in an archive.
struct BlobContent: Sendable {
    let rows: RowSource
    private let frame: ZipFrame?
    /// Of the rows; needed for an archive only, and known once ``prepare()`` has run.
    private var checksum: UInt32 = 0

    /// - Parameter rules: Those of the record's filter; nil if it has none.
    init(record: ExportRecord, form: PayoutSandbox.BlobBehaviour.Form, rules: [RowRule]?) {
        let isArchive = form == .zip
        rows = RowSource(
            kind: record.kind,
            isTSV: record.isTSV,
            seed: stableHash(record.filter) ^ record.id.high ^ record.id.low,
            size: isArchive ? min(record.blobSize, ZipFrame.entryLimit) : record.blobSize,
            rules: rules
        )
        frame =
            isArchive
            ? ZipFrame(name: Array("\(record.id.text).\(record.fileExtension)".utf8), entryCount: rows.count) : nil
    }

    /// The size in bytes.
    var count: Int {
        rows.count + (frame.map { $0.prefixCount + $0.suffixCount } ?? 0)
    }

    /// Computes what an archive has to know of its entry. Reads all rows: not under a lock.
    mutating func prepare() {
        guard frame != nil else { return }
        var crc = CRC32()
        var offset = 0
        while offset < rows.count {
            let chunk = rows.chunk(at: offset)
            chunk.withUnsafeBytes { crc.update($0) }
            offset += chunk.count
        }
        checksum = crc.value
    }

    /// Some bytes from `offset` on, at least one unless the file ends there.
    func chunk(at offset: Int) -> ArraySlice<UInt8> {
        guard let frame else { return rows.chunk(at: offset) }
        if offset < frame.prefixCount { return frame.prefix(checksum: checksum)[offset...] }
        let inEntry = offset - frame.prefixCount
        if inEntry < rows.count { return rows.chunk(at: inEntry) }
        return frame.suffix(checksum: checksum).dropFirst(inEntry - rows.count)
    }

    /// The MD5 of the whole file in base64, as `Content-MD5` has it. Reads the file: not under a lock.
    func md5() -> String {
        var hash = Insecure.MD5()
        var offset = 0
        while offset < count {
            let chunk = chunk(at: offset)
            chunk.withUnsafeBytes { hash.update(bufferPointer: $0) }
            offset += chunk.count
        }
        return Base64.encoded(hash.finalize())
    }
}
