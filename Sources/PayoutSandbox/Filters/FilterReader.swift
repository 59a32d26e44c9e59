import Primitives

/// Reads an OData filter and refuses what the service would refuse.
struct FilterReader {
    private enum Token: Equatable {
        case open
        case close
        case word(String)
        case literal(FilterTerm.Literal)
    }

    private enum Operand {
        case field(String)
        case literal(FilterTerm.Literal)
    }

    private static let maximumDepth = 64
    private static let keywords = ["and", "or", "not", "eq", "ne", "gt", "ge", "lt", "le"]

    private var tokens: [Token]
    private var position = 0

    /// Reads a filter for a kind of export.
    ///
    /// - Throws: ``ServiceError`` with status 400.
    static func read(_ filter: String, kind: PayoutSandbox.ExportFacts.Kind) throws -> FilterTree {
        guard let tokens = tokens(of: filter) else {
            throw refusal("The filter holds an unterminated string or a character that does not belong there.")
        }
        var reader = FilterReader(tokens: tokens)
        guard let tree = reader.readAny(depth: 0), reader.position == tokens.count else {
            throw refusal("The filter is not well-formed at term \(reader.position + 1).")
        }
        for term in tree.terms {
            if let problem = kind.problem(with: term) { throw refusal(problem) }
        }
        return tree
    }

    private static func refusal(_ message: String) -> ServiceError {
        ServiceError.invalidRequest(message, target: "$filter")
    }

    // any := all ("or" all)*
    private mutating func readAny(depth: Int) -> FilterTree? {
        guard depth < Self.maximumDepth, let first = readAll(depth: depth) else { return nil }
        var terms = [first]
        while takeWord(["or"]) != nil {
            guard let term = readAll(depth: depth) else { return nil }
            terms.append(term)
        }
        return terms.count == 1 ? first : .any(terms)
    }

    // all := term ("and" term)*
    private mutating func readAll(depth: Int) -> FilterTree? {
        guard let first = readTerm(depth: depth) else { return nil }
        var terms = [first]
        while takeWord(["and"]) != nil {
            guard let term = readTerm(depth: depth) else { return nil }
            terms.append(term)
        }
        return terms.count == 1 ? first : .all(terms)
    }

    // term := "not"? "(" any ")" | operand comparison operand, of which one is a field
    private mutating func readTerm(depth: Int) -> FilterTree? {
        let isNegated = takeWord(["not"]) != nil
        if take(.open) {
            guard let tree = readAny(depth: depth + 1), take(.close) else { return nil }
            return isNegated ? tree.negated : tree
        }
        guard let left = readOperand(), let word = takeWord(["eq", "ne", "gt", "ge", "lt", "le"]),
            let op = FilterTerm.Comparison(rawValue: word), let right = readOperand()
        else { return nil }
        let tree: FilterTree
        switch (left, right) {
        case (.field(let field), .literal(let value)):
            tree = .comparison(FilterTerm(field: field, op: op, value: value))
        case (.literal(let value), .field(let field)):
            tree = .comparison(FilterTerm(field: field, op: op.mirrored, value: value))
        case (.field, .field), (.literal, .literal): return nil
        }
        return isNegated ? tree.negated : tree
    }

    private mutating func readOperand() -> Operand? {
        guard position < tokens.count else { return nil }
        let operand: Operand
        switch tokens[position] {
        case .literal(let literal): operand = .literal(literal)
        case .word("true"), .word("false"): operand = .literal(.boolean)
        case .word("null"): operand = .literal(.null)
        case .word(let word) where !Self.keywords.contains(word): operand = .field(word)
        case .word, .open, .close: return nil
        }
        position += 1
        return operand
    }

    private mutating func take(_ token: Token) -> Bool {
        guard position < tokens.count, tokens[position] == token else { return false }
        position += 1
        return true
    }

    private mutating func takeWord(_ words: [String]) -> String? {
        guard position < tokens.count, case .word(let word) = tokens[position], words.contains(word) else {
            return nil
        }
        position += 1
        return word
    }

    private static func tokens(of filter: String) -> [Token]? {
        let bytes = Array(filter.utf8)
        var tokens: [Token] = []
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: " "), UInt8(ascii: "\t"):
                index += 1
            case UInt8(ascii: "("):
                tokens.append(.open)
                index += 1
            case UInt8(ascii: ")"):
                tokens.append(.close)
                index += 1
            case UInt8(ascii: "'"):
                guard let (text, end) = string(in: bytes, from: index) else { return nil }
                tokens.append(.literal(.text(text)))
                index = end
            default:
                let start = index
                while index < bytes.count, isWordByte(bytes[index]) { index += 1 }
                guard index > start else { return nil }
                let startsWithLetter = bytes[start] | 0x20 >= UInt8(ascii: "a")
                let word = String(decoding: bytes[start..<index], as: UTF8.self)
                tokens.append(startsWithLetter ? .word(word) : .literal(.bare(word)))
            }
        }
        return tokens
    }

    // A quote inside a string is doubled.
    private static func string(in bytes: [UInt8], from start: Int) -> (text: String, end: Int)? {
        var text: [UInt8] = []
        var index = start + 1
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "'") {
                guard index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "'") else {
                    return (String(decoding: text, as: UTF8.self), index + 1)
                }
                index += 1
            }
            text.append(bytes[index])
            index += 1
        }
        return nil
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        byte.isASCIIAlphanumeric || "_.-+:/".utf8.contains(byte)
    }

    private init(tokens: [Token]) {
        self.tokens = tokens
    }
}
