import WorkerTelemetry

/// A table in text output.
struct TextTable {
    private(set) var columns: Columns
    private var rows: [[String]] = []

    /// - Parameters:
    ///   - rightAligned: the columns that contain numbers.
    ///   - optional: the columns that are left out where lines would become too long; the last one first.
    init(_ headers: [String], rightAligned: Set<Int> = [], optional: Set<Int> = []) {
        columns = Columns(headers, rightAligned: rightAligned, optional: optional)
    }

    var isEmpty: Bool { rows.isEmpty }

    mutating func add(_ cells: [String]) {
        rows.append(cells.map(Self.printable))
        columns.measure(rows[rows.count - 1])
    }

    /// The lines, without a line break after the last.
    var rendered: String { rendered(fitting: nil) }

    /// The lines, without a line break after the last.
    ///
    /// - Parameter limit: the most characters of a line; `nil` for no limit.
    func rendered(fitting limit: Int?) -> String { lines(columns.layout(fitting: limit)).joined(separator: "\n") }

    /// The heading and the rows.
    func lines(_ layout: Columns.Layout) -> [String] { ([columns.headers] + rows).map(layout.line) }

    /// A line with fixed widths, for rows that are printed one by one.
    static func line(_ cells: [String], widths: [Int], rightAligned: Set<Int> = []) -> String {
        var line = ""
        for (column, cell) in cells.enumerated() {
            let padding = String(repeating: " ", count: max(0, widths[column] - cell.count))
            if column > 0 { line += "  " }
            line += rightAligned.contains(column) ? padding + cell : cell + padding
        }
        while line.last == " " { line.removeLast() }
        return line
    }

    /// Replaces control characters, so that untrusted text cannot control the terminal.
    ///
    /// - Parameter keepsLines: whether line breaks and tabs are kept.
    static func printable(_ text: String, keepsLines: Bool = false) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isKept = !scalar.isHidden || (keepsLines && (scalar == "\n" || scalar == "\t"))
            scalars.append(isKept ? scalar : "\u{FFFD}")
        }
        return String(scalars)
    }

    /// The text as one line.
    static func printable(_ text: String) -> String { printable(text, keepsLines: false) }
}
