import WorkerTelemetry

/// A table in text output.
struct TextTable {
    private let headers: [String]
    private let rightAligned: Set<Int>
    private var rows: [[String]] = []

    /// - Parameter rightAligned: the columns that contain numbers.
    init(_ headers: [String], rightAligned: Set<Int> = []) {
        self.headers = headers
        self.rightAligned = rightAligned
    }

    var isEmpty: Bool { rows.isEmpty }

    mutating func add(_ cells: [String]) { rows.append(cells.map(Self.printable)) }

    /// The lines, without a line break after the last.
    var rendered: String {
        var widths = headers.map(\.count)
        for row in rows {
            for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count) }
        }
        return ([headers] + rows).map { Self.line($0, widths: widths, rightAligned: rightAligned) }
            .joined(separator: "\n")
    }

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
