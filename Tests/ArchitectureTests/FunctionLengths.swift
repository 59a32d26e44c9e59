extension SwiftText {
    /// The functions and initializers that have a body, with the number of lines from the declaration to the closing
    /// brace.
    var functions: [(line: Int, name: String, length: Int)] {
        lines.indices.compactMap { index in
            let (number, text) = lines[index]
            guard let name = Self.declaredFunction(in: text), let end = endOfBody(from: index) else { return nil }
            return (number, name, end - number + 1)
        }
    }

    /// The name of the function that a line of code declares.
    private static func declaredFunction(in line: String) -> String? {
        var words = line.split(whereSeparator: \.isWhitespace)[...]
        while let word = words.first, word.hasPrefix("@") || modifiers.contains(word) { words.removeFirst() }
        guard let word = words.popFirst() else { return nil }
        if word == "func" { return words.first.map { String($0.prefix { $0 != "(" && $0 != "<" }) } }
        let isInitializer = ["init(", "init?(", "init<", "init?<"].contains { word.hasPrefix($0) }
        return isInitializer ? "init" : nil
    }

    private static let modifiers: Set<Substring> = [
        "public", "package", "internal", "fileprivate", "private", "open", "static", "class", "final", "mutating",
        "nonmutating", "nonisolated", "nonisolated(nonsending)", "isolated", "override", "convenience", "required",
        "borrowing", "consuming", "prefix", "postfix", "infix", "indirect", "async",
    ]

    /// The number of the line that closes the body, or nil where the declaration has no body, as in a protocol.
    private func endOfBody(from start: Int) -> Int? {
        var parentheses = 0
        var braces = 0
        for index in start..<lines.count {
            let (number, text) = lines[index]
            // A declaration that is complete and without a body is followed by another one, or by a closing brace.
            if index > start, parentheses == 0, braces == 0, !Self.continuesDeclaration(text) { return nil }
            for character in text {
                switch character {
                case "(", "[": parentheses += 1
                case ")", "]": parentheses -= 1
                case "{" where parentheses == 0: braces += 1
                case "}" where parentheses == 0:
                    braces -= 1
                    if braces == 0 { return number }
                    if braces < 0 { return nil }
                default: break
                }
            }
        }
        return nil
    }

    private static func continuesDeclaration(_ line: String) -> Bool {
        let first = line.drop(while: \.isWhitespace)
        return ["{", ")", "->", "where", "async", "throws"].contains { first.hasPrefix($0) }
    }
}
