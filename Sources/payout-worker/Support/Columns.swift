/// The columns of a table and the widths that their cells need.
struct Columns {
    let headers: [String]
    private let rightAligned: Set<Int>
    private let optional: Set<Int>
    private var needed: [Int]

    /// - Parameters:
    ///   - rightAligned: the columns that contain numbers.
    ///   - optional: the columns that are left out where lines would become too long; the last one first.
    init(_ headers: [String], rightAligned: Set<Int>, optional: Set<Int>) {
        self.headers = headers
        self.rightAligned = rightAligned
        self.optional = optional
        needed = headers.map(\.count)
    }

    /// Notes how wide the cells of a row are.
    ///
    /// - Returns: whether a cell is wider than those before it.
    @discardableResult
    mutating func measure(_ cells: [String]) -> Bool {
        let before = needed
        for (column, cell) in cells.enumerated() { needed[column] = max(needed[column], cell.count) }
        return needed != before
    }

    /// The widths with which the measured rows fit. Where they do not, optional columns are left out, then the widest ones are
    /// shortened: not those of numbers.
    ///
    /// - Parameter limit: the most characters of a line; `nil` for no limit.
    func layout(fitting limit: Int?) -> Layout {
        var widths = needed
        if let limit {
            for column in optional.sorted(by: >) where Self.length(widths) > limit { widths[column] = 0 }
            shorten(&widths, to: limit)
        }
        return Layout(widths: widths, rightAligned: rightAligned, limit: limit)
    }

    /// The width of a UUID. A row is found by its first column, so that this much of it is shown as long as possible.
    private static let identifier = 36
    /// Columns up to the width of a time are shortened last: a status or a time is useless without its end.
    private static let time = 20

    private func shorten(_ widths: inout [Int], to limit: Int) {
        let others = widths.indices.filter { $0 > 0 && !rightAligned.contains($0) }
        let long = others.filter { widths[$0] > Self.time }
        let steps = [(long, Self.time), ([0], Self.identifier), (long, 9), ([0], Self.time), (others, 6), ([0], 6)]
        for (columns, narrowest) in steps {
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

    /// The widths of columns; those of no width are left out.
    struct Layout: Equatable {
        fileprivate var widths: [Int]
        fileprivate let rightAligned: Set<Int>
        fileprivate let limit: Int?

        /// A row as a line. Where lines have a limit, cells that are wider than their column are shortened.
        func line(_ cells: [String]) -> String {
            let kept = widths.indices.filter { widths[$0] > 0 }
            return TextTable.line(
                kept.map { limit == nil ? cells[$0] : Self.shortened(cells[$0], to: widths[$0]) },
                widths: kept.map { widths[$0] },
                rightAligned: Set(kept.indices.filter { rightAligned.contains(kept[$0]) })
            )
        }

        /// The same with a last column that takes the rest of the line, for rows that follow.
        func widened() -> Layout {
            var layout = self
            if let limit { layout.widths[widths.count - 1] += max(0, limit - Columns.length(widths)) }
            return layout
        }

        /// The beginning of a sentence; the end of a file's location, which is its name; both ends of an id, which may differ
        /// from others in either.
        private static func shortened(_ cell: String, to width: Int) -> String {
            guard cell.count > width else { return cell }
            let kept = max(1, width - 1)
            if cell.contains(" ") { return cell.prefix(kept) + "…" }
            if cell.contains("://") { return "…" + cell.suffix(kept) }
            return cell.prefix((kept + 1) / 2) + "…" + cell.suffix(kept / 2)
        }
    }
}
