import WorkerTelemetry

/// A table in text output.
struct TextTable {
    private let headers: [String]
    private let rightAligned: Set<Int>
    private let optional: Set<Int>
    private var rows: [[String]] = []

    /// - Parameters:
    ///   - rightAligned: the columns that contain numbers.
    ///   - optional: the columns that are left out where lines would become too long; the last one first.
    init(_ headers: [String], rightAligned: Set<Int> = [], optional: Set<Int> = []) {
        self.headers = headers
        self.rightAligned = rightAligned
        self.optional = optional
    }

    var isEmpty: Bool { rows.isEmpty }

    mutating func add(_ cells: [String]) { rows.append(cells.map(Self.printable)) }

    /// The lines, without a line break after the last.
    var rendered: String { rendered(fitting: nil) }

    /// The lines, without a line break after the last. Where they do not fit, optional columns are left out, then the widest ones
    /// are shortened: not those of numbers, and the first one only where the others are as narrow as they can be.
    ///
    /// - Parameter limit: the most characters of a line; `nil` for no limit.
    func rendered(fitting limit: Int?) -> String {
        let layout = layout(fitting: limit)
        return ([headers] + rows).map(layout.line).joined(separator: "\n")
    }

    /// The widths with which the rows fit, also for rows that follow.
    func layout(fitting limit: Int?) -> Layout {
        var widths = headers.map(\.count)
        for row in rows {
            for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count) }
        }
        if let limit {
            for column in optional.sorted(by: >) where Self.length(widths) > limit { widths[column] = 0 }
            shorten(&widths, to: limit)
        }
        return Layout(widths: widths, rightAligned: rightAligned, limit: limit)
    }

    /// The widths of columns; those of no width are left out.
    struct Layout {
        fileprivate var widths: [Int]
        fileprivate let rightAligned: Set<Int>
        fileprivate let limit: Int?

        /// A row as a line. Where lines have a limit, cells that are wider than their column are shortened.
        func line(_ cells: [String]) -> String {
            let kept = widths.indices.filter { widths[$0] > 0 }
            return TextTable.line(
                kept.map { limit == nil ? cells[$0] : TextTable.shortened(cells[$0], to: widths[$0]) },
                widths: kept.map { widths[$0] },
                rightAligned: Set(kept.indices.filter { rightAligned.contains(kept[$0]) })
            )
        }

        /// The same with a last column that takes the rest of the line, for rows that follow.
        func widened() -> Layout {
            var layout = self
            if let limit { layout.widths[widths.count - 1] += max(0, limit - TextTable.length(widths)) }
            return layout
        }
    }

    private func shorten(_ widths: inout [Int], to limit: Int) {
        let narrowest = 6
        let flexible = widths.indices.filter { $0 > 0 && !rightAligned.contains($0) }
        for columns in [flexible, [0]] {
            while Self.length(widths) > limit {
                guard let widest = columns.max(by: { widths[$0] < widths[$1] }), widths[widest] > narrowest else {
                    break
                }
                widths[widest] -= 1
            }
        }
    }

    /// The length of a line; columns of no width are left out.
    private static func length(_ widths: [Int]) -> Int {
        widths.reduce(-2) { $0 + ($1 > 0 ? $1 + 2 : 0) }
    }

    /// The beginning of a cell; of a file's location the end, which is its name.
    private static func shortened(_ cell: String, to width: Int) -> String {
        guard cell.count > width else { return cell }
        let kept = max(1, width - 1)
        let isLocation = cell.contains("://") && !cell.contains(" ")
        return isLocation ? "…" + cell.suffix(kept) : cell.prefix(kept) + "…"
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
