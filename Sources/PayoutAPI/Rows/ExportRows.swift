import NIOCore

/// The rows of an export's file: ``PayoutClient/rows(of:as:correlationID:)`` makes it. Each iteration downloads the file.
///
/// The header is checked before the first row is returned. Commas or tabs separate fields, whichever the header has more of.
public struct ExportRows<Row: ExportRow>: AsyncSequence, Sendable {
    /// A row.
    public typealias Element = Row

    let bytes: ExportBytes

    /// Downloads and decodes the rows at the pace of the caller.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private var bytes: ExportBytes.AsyncIterator
        private var reader = RowReader()
        /// Records of the last chunk, the next one last.
        private var records: [[String]] = []
        private var columns: RowColumns?
        private var number: Int64 = 0
        private var hasEnded = false
        /// Whether nil or an error was returned: what is left of the file is not read as a row then.
        private var isOver = false

        fileprivate init(_ bytes: ExportBytes) { self.bytes = bytes.makeAsyncIterator() }

        /// The next row; nil at the end of the file, and after an error.
        ///
        /// - Throws: ``ExportRowError``, and what ``ExportBytes`` throws.
        public mutating func next() async throws -> Row? {
            guard !isOver else { return nil }
            isOver = true
            guard let row = try await read() else { return nil }
            isOver = false
            return row
        }

        private mutating func read() async throws -> Row? {
            while true {
                if let record = records.popLast() {
                    guard let columns else {
                        columns = try RowColumns(header: record, needed: Row.CodingKeys.allCases.map(\.stringValue))
                        continue
                    }
                    number += 1
                    // Not inferred as an optional, which would be decoded as a single value.
                    return try columns.row(record, as: Row.self, number: number)
                }
                if let problem = reader.problem { throw problem }
                guard !hasEnded else {
                    guard columns != nil else { throw ExportRowError(reason: .noHeader, row: 0) }
                    return nil
                }
                if let chunk = try await bytes.next() {
                    records = reader.read(chunk).reversed()
                } else {
                    hasEnded = true
                    records = reader.finish().reversed()
                }
            }
        }
    }

    /// Begins with the file's first row.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(bytes) }
}
