import ChildProcesses
import Foundation

/// The recipes of the README and the guides: fenced blocks behind a comment `<!-- example: NAME -->`.
enum Recipe {
    private static let folders = ["Sources/payout-worker/payout-worker.docc", "deploy"]

    /// The text of each page that can have recipes, by its path.
    static func pages() throws -> [String: String] {
        let pages = try folders.flatMap { folder in
            try FileManager.default.subpathsOfDirectory(atPath: Places.root.appending(path: folder).path)
                .filter { $0.hasSuffix(".md") }.map { "\(folder)/\($0)" }
        }
        return try (["README.md"] + pages).reduce(into: [:]) { pages, path in
            pages[path] = try String(contentsOf: Places.root.appending(path: path), encoding: .utf8)
        }
    }

    /// The text of a recipe, unchanged.
    ///
    /// - Throws: ``NotOnce`` unless exactly one page has a recipe of this name.
    static func text(_ name: String) throws -> String {
        let found = try pages().values.compactMap { text(name, in: $0) }
        guard let recipe = found.first, found.count == 1 else { throw NotOnce(name: name, count: found.count) }
        return recipe
    }

    /// The text of a recipe with the id of an export in place of the example's.
    static func text(_ name: String, for requestID: some StringProtocol) throws -> String {
        let recipe = try text(name)
        let example = "93c2b3cf-c6d8-4e7e-ade1-007768a6eba4"
        guard recipe.contains(example) else { throw NotOnce(name: "the id in \(name)", count: 0) }
        return recipe.replacing(example, with: requestID)
    }

    static func text(_ name: String, in page: String) -> String? {
        let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
        guard let marker = lines.firstIndex(where: { $0.drop { $0 == " " } == "<!-- example: \(name) -->" }) else {
            return nil
        }
        // A block in a list is indented.
        let indent = lines[marker].prefix { $0 == " " }
        guard marker + 1 < lines.endIndex, lines[marker + 1].hasPrefix(indent + "```") else { return nil }
        let body = lines[(marker + 2)...]
        guard let end = body.firstIndex(of: indent + "```") else { return nil }
        return body[..<end].map { $0.dropFirst(indent.count) }.joined(separator: "\n") + "\n"
    }

    struct NotOnce: Error {
        var name: String
        var count: Int
    }
}

/// The blocks of code in a page, and what the comment above each says.
struct CodeBlock {
    private static let languages = ["sh", "python", "java", "go", "yaml"]

    var line: Int
    /// The line above the block, if it is a comment.
    var comment: String?

    /// The name of the recipe, if a test runs the block.
    var example: String? { value(of: "example") }
    /// Why no test runs it, if the page gives a reason.
    var reason: String? { value(of: "not run") }

    private func value(of key: String) -> String? {
        guard let comment, comment.hasPrefix("<!-- \(key): "), comment.hasSuffix(" -->") else { return nil }
        return String(comment.dropFirst("<!-- \(key): ".count).dropLast(" -->".count))
    }

    /// The blocks in languages that can be run.
    static func all(in page: String) -> [CodeBlock] {
        let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.indices.filter { index in
            let line = lines[index].drop { $0 == " " }
            return languages.contains { line == "```\($0)" }
        }.map { index in
            let above = index > 0 ? String(lines[index - 1].drop { $0 == " " }) : ""
            return CodeBlock(line: index + 1, comment: above.hasPrefix("<!--") ? above : nil)
        }
    }
}
