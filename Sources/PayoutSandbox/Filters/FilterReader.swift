/// A rough check of an OData filter: it refuses what the service would refuse. It deliberately shares no code with the
/// worker's parser, so that one can check the other. It does not check fields.
struct FilterCheck {
    private enum Token: Equatable {
        case open
        case close
        case word(String)
        case literal
    }

    private var tokens: [Token]
    private var position = 0

    /// The error of a filter; nil for a valid one.
    static func problem(in filter: String) -> String? {
        guard let tokens = tokens(of: filter) else {
            return "The filter holds an unterminated string or a character that does not belong there."
        }
        var check = FilterCheck(tokens: tokens)
        if check.readsExpression(depth: 0), check.position == tokens.count { return nil }
        return "The filter is not well-formed at term \(check.position + 1)."
    }

    // expression := term (("and" | "or") term)*
    private mutating func readsExpression(depth: Int) -> Bool {
        guard depth < 64, readsTerm(depth: depth) else { return false }
        while takeWord(["and", "or"]) {
            guard readsTerm(depth: depth) else { return false }
        }
        return true
    }

    // term := "not"? "(" expression ")" | operand comparison operand
    private mutating func readsTerm(depth: Int) -> Bool {
        _ = takeWord(["not"])
        if take(.open) {
            return readsExpression(depth: depth + 1) && take(.close)
        }
        return readsOperand() && takeWord(["eq", "ne", "gt", "ge", "lt", "le"]) && readsOperand()
    }

    private mutating func readsOperand() -> Bool {
        guard position < tokens.count else { return false }
        switch tokens[position] {
        case .literal:
            position += 1
            return true
        case .word(let word):
            position += 1
            return !["and", "or", "not", "eq", "ne", "gt", "ge", "lt", "le"].contains(word)
        case .open, .close:
            return false
        }
    }

    private mutating func take(_ token: Token) -> Bool {
        guard position < tokens.count, tokens[position] == token else { return false }
        position += 1
        return true
    }

    private mutating func takeWord(_ words: [String]) -> Bool {
        guard position < tokens.count, case .word(let word) = tokens[position], words.contains(word) else {
            return false
        }
        position += 1
        return true
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
                guard let end = endOfString(in: bytes, from: index) else { return nil }
                tokens.append(.literal)
                index = end
            default:
                let start = index
                while index < bytes.count, isWordByte(bytes[index]) { index += 1 }
                guard index > start else { return nil }
                let startsWithLetter = bytes[start] | 0x20 >= UInt8(ascii: "a")
                let word = String(decoding: bytes[start..<index], as: UTF8.self)
                tokens.append(startsWithLetter ? .word(word) : .literal)
            }
        }
        return tokens
    }

    // A quote inside a string is doubled.
    private static func endOfString(in bytes: [UInt8], from start: Int) -> Int? {
        var index = start + 1
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "'") {
                guard index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "'") else { return index + 1 }
                index += 1
            }
            index += 1
        }
        return nil
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"),
            UInt8(ascii: "+"), UInt8(ascii: ":"), UInt8(ascii: "/"):
            true
        default:
            false
        }
    }

    private init(tokens: [Token]) {
        self.tokens = tokens
    }
}
