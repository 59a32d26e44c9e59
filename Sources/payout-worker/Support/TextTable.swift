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

/// Formats values for people.
enum Formatting {
    /// `512 B`, `47.1 KiB`, `3.0 MiB`.
    static func size(_ bytes: Int64) -> String {
        var value = Double(bytes)
        for unit in ["B", "KiB", "MiB", "GiB"] {
            if value < 1_024 || unit == "GiB" { return unit == "B" ? "\(bytes) B" : "\(tenths(value)) \(unit)" }
            value /= 1_024
        }
        return "\(bytes) B"
    }

    /// A number with one decimal place.
    static func tenths(_ value: Double) -> String {
        let scaled = Int((value * 10).rounded())
        return "\(scaled / 10).\(scaled % 10)"
    }

    /// A count with its noun: `1 job`, `2 jobs`.
    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    /// A URL without its query and fragment, because a file's signature is a secret.
    static func location(_ location: String) -> String {
        guard let query = location.firstIndex(where: { $0 == "?" || $0 == "#" }) else { return location }
        return String(location[..<query])
    }
}
