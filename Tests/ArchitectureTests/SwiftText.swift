/// Reads Swift source to find imports and calls. It removes comments and string literals of several lines, because words
/// like `import` have no meaning there.
struct SwiftText {
    /// The lines with code, each with its number from 1.
    let lines: [(number: Int, text: String)]

    init(_ source: String) {
        var lines: [(Int, String)] = []
        var commentDepth = 0
        var isInText = false
        for (index, line) in source.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let code = Self.code(of: line, &commentDepth, &isInText)
            if code.contains(where: { !$0.isWhitespace }) { lines.append((index + 1, code)) }
        }
        self.lines = lines
    }

    /// One line without comments and without string literals of several lines.
    private static func code(of line: Substring, _ commentDepth: inout Int, _ isInText: inout Bool) -> String {
        let isPlain = !line.utf8.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\"") }
        if isPlain, commentDepth == 0 { return isInText ? "" : String(line) }
        var code = ""
        var rest = line
        var isInString = false
        while let first = rest.first {
            if isInText {
                guard let end = rest.firstRange(of: "\"\"\"") else { return code }
                isInText = false
                rest = rest[end.upperBound...]
            } else if commentDepth > 0 {
                if rest.hasPrefix("*/") { commentDepth -= 1 } else if rest.hasPrefix("/*") { commentDepth += 1 }
                rest = rest.dropFirst(rest.hasPrefix("*/") || rest.hasPrefix("/*") ? 2 : 1)
            } else if isInString {
                if first == "\\" {
                    rest = rest.dropFirst()
                } else if first == "\"" {
                    isInString = false
                }
                rest = rest.dropFirst()
            } else if rest.hasPrefix("//") {
                return code
            } else if rest.hasPrefix("/*") {
                commentDepth += 1
                rest = rest.dropFirst(2)
            } else if rest.hasPrefix("\"\"\"") {
                isInText = true
                rest = rest.dropFirst(3)
            } else {
                if first == "\"" { isInString = true }
                code.append(first)
                rest = rest.dropFirst()
            }
        }
        return code
    }

    /// The modules that the source imports: `import A`, `public import A`, `@testable import A`, `import struct A.B`.
    var imports: [(line: Int, module: String)] {
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias", "actor"]
        let before: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
        return lines.flatMap { number, text in
            text.split(separator: ";").compactMap { statement -> (Int, String)? in
                var words = statement.split(whereSeparator: \.isWhitespace)[...]
                while let word = words.first, word.hasPrefix("@") || before.contains(word) { words.removeFirst() }
                guard words.popFirst() == "import" else { return nil }
                if let kind = words.first, kinds.contains(kind) { words.removeFirst() }
                guard let module = words.first?.split(separator: ".").first else { return nil }
                return (number, String(module))
            }
        }
    }
}
