import Foundation
import Testing

/// The part of a page of the guides that is generated: the lines between `<!-- generated: NAME -->` and `<!-- end: NAME -->`.
struct GeneratedRegion {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// The page below the catalog's folder, without its extension.
    let page: String
    let name: String

    static func text(of path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// Expects these lines in the region; with `UPDATE_DOCUMENTS` in the environment it writes them first.
    func expect(_ lines: [String]) throws {
        let path = "Sources/payout-worker/payout-worker.docc/\(page).md"
        let text = try Self.text(of: path)
        let (begin, end) = ("<!-- generated: \(name) -->\n", "<!-- end: \(name) -->")
        let first = try #require(text.range(of: begin), "\(path) has no region '\(name)'")
        let last = try #require(text.range(of: end, range: first.upperBound..<text.endIndex))
        let generated = "\n" + lines.joined(separator: "\n") + "\n\n"
        let written = text[first.upperBound..<last.lowerBound]
        if ProcessInfo.processInfo.environment["UPDATE_DOCUMENTS"] != nil {
            let updated = text.replacingCharacters(in: first.upperBound..<last.lowerBound, with: generated)
            return try Data(updated.utf8).write(to: Self.root.appending(path: path))
        }
        let difference = Set(generated.split(separator: "\n")).symmetricDifference(written.split(separator: "\n"))
        #expect(written == generated, "`make documents` writes \(path) again; it differs in \(difference)")
    }

    /// A row of a table. A vertical bar in a cell is escaped.
    static func row(_ cells: String...) -> String {
        "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
    }
}
