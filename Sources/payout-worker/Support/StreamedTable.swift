/// A table whose rows are printed while further ones are read: the first rows decide the widths of its columns.
struct StreamedTable {
    private let headers: [String]
    private let limit: Int?
    private var first: TextTable?
    private var rows: [[String]] = []
    private var layout: TextTable.Layout?

    /// The rows that decide the widths.
    private static let measured = 200

    /// - Parameters:
    ///   - optional: the columns that are left out where lines would become too long; the last one first.
    ///   - limit: the most characters of a line; `nil` for no limit.
    init(_ headers: [String], rightAligned: Set<Int> = [], optional: Set<Int> = [], fitting limit: Int?) {
        self.headers = headers
        self.limit = limit
        first = TextTable(headers, rightAligned: rightAligned, optional: optional)
    }

    /// Adds a row.
    ///
    /// - Returns: the lines that can be printed.
    mutating func add(_ cells: [String]) -> [String] {
        let cells = cells.map(TextTable.printable)
        if let layout { return [layout.line(cells)] }
        first?.add(cells)
        rows.append(cells)
        return rows.count < Self.measured ? [] : flush()
    }

    /// The lines of the rows that have not been printed.
    mutating func flush() -> [String] {
        guard !rows.isEmpty, let layout = layout ?? first?.layout(fitting: limit).widened() else { return [] }
        defer { (first, rows, self.layout) = (nil, [], layout) }
        return ([headers] + rows).map(layout.line)
    }
}
