import NIOCore
import Primitives

/// Reads the records of a file from its chunks. `ExportRows` makes one for each iteration.
struct RowReader {
    /// The longest record that is read, in bytes of its fields.
    private static let limit = 16 << 20
    /// The most fields of a record that is read.
    private static let maximumFields = 16_384

    /// Why nothing more can be read; the records before are complete.
    private(set) var problem: ExportRowError?

    private var parser = DelimitedRecordParser(limit: Self.limit, maximumFields: Self.maximumFields)
    /// The first bytes, until the encoding is known; then nil.
    private var beginning: [UInt8]? = []
    /// For a file in UTF-16.
    private var utf16: UTF16Text?
    private var count: Int64 = 0

    /// The records that the next bytes of the file complete.
    mutating func read(_ chunk: ByteBuffer) -> [[String]] {
        guard let first = beginning else { return chunk.withUnsafeReadableBytes { parsed($0) } }
        let bytes = first + chunk.readableBytesView
        guard bytes.count >= ByteOrderMark.longest else {
            beginning = bytes
            return []
        }
        return begin(bytes)
    }

    /// The last record, where no line end follows it.
    mutating func finish() -> [[String]] {
        var records = beginning.map { begin($0) } ?? []
        records += utf16?.finish().withUnsafeBytes { parsed(utf8: $0) } ?? []
        guard problem == nil else { return records }
        do {
            try parser.finish { records.append($0) }
        } catch {
            stop(error)
        }
        return records
    }

    private mutating func begin(_ bytes: [UInt8]) -> [[String]] {
        beginning = nil
        let mark = ByteOrderMark(at: bytes)
        switch mark?.encoding {
        case .utf16LittleEndian: utf16 = UTF16Text(isBigEndian: false)
        case .utf16BigEndian: utf16 = UTF16Text(isBigEndian: true)
        case .utf8, nil: break
        }
        return bytes.withUnsafeBytes { parsed(UnsafeRawBufferPointer(rebasing: $0[(mark?.count ?? 0)...])) }
    }

    private mutating func parsed(_ bytes: UnsafeRawBufferPointer) -> [[String]] {
        guard utf16 != nil else { return parsed(utf8: bytes) }
        return (utf16?.utf8(after: bytes) ?? []).withUnsafeBytes { parsed(utf8: $0) }
    }

    private mutating func parsed(utf8 bytes: UnsafeRawBufferPointer) -> [[String]] {
        var records: [[String]] = []
        guard problem == nil else { return [] }
        do {
            try parser.parse(bytes) { records.append($0) }
        } catch {
            count += Int64(records.count)
            stop(error)
            return records
        }
        count += Int64(records.count)
        return records
    }

    private mutating func stop(_ problem: DelimitedRecordParser.Problem) {
        let reason: ExportRowError.Reason =
            switch problem {
            case .recordTooLong(let limit): .rowTooLong(limit: limit)
            case .tooManyFields(let limit): .tooManyFields(limit: limit)
            case .unterminatedQuote: .unterminatedQuote
            case .invalidText: .invalidText
            }
        self.problem = ExportRowError(reason: reason, row: count)
    }
}
