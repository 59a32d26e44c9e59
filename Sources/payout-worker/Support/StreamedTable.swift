/// A table whose rows are printed while further ones are read. The rows that have been read decide the widths of its columns: where
/// a row needs wider ones, they are widened for it and the rows that follow.
struct StreamedTable {
    private let limit: Int?
    private var columns: Columns
    /// The rows that have not been printed, before the first line is.
    private var first: TextTable
    private var waiting = 0
    /// The widths of the last printed line.
    private var layout: Columns.Layout?

    /// The rows that are read before the first line is printed.
    private static let measured = 200

    /// - Parameters:
    ///   - optional: the columns that are left out where lines would become too long; the last one first.
    ///   - limit: the most characters of a line; `nil` for no limit.
    init(_ headers: [String], rightAligned: Set<Int> = [], optional: Set<Int> = [], fitting limit: Int?) {
        self.limit = limit
        first = TextTable(headers, rightAligned: rightAligned, optional: optional)
        columns = first.columns
    }

    /// Adds a row.
    ///
    /// - Returns: the lines that can be printed.
    mutating func add(_ cells: [String]) -> [String] {
        guard let printed = layout else {
            first.add(cells)
            waiting += 1
            return waiting < Self.measured ? [] : flush()
        }
        let cells = cells.map(TextTable.printable)
        guard columns.measure(cells) else { return [printed.line(cells)] }
        let layout = columns.layout(fitting: limit).widened()
        self.layout = layout
        // Programs read output without a limit, and get its heading once.
        let heading = layout == printed || limit == nil ? [] : ["", layout.line(columns.headers)]
        return heading + [layout.line(cells)]
    }

    /// The lines of the rows that have not been printed.
    mutating func flush() -> [String] {
        guard layout == nil, waiting > 0 else { return [] }
        columns = first.columns
        let layout = columns.layout(fitting: limit).widened()
        self.layout = layout
        defer { first = TextTable(columns.headers) }
        return first.lines(layout)
    }
}
