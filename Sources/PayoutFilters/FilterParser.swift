/// A comparison and its position, for the checks that need the export's kind.
struct ComparisonSite {
    var comparison: FilterComparison
    var fieldOffset: Int
    var valueOffset: Int
}

/// Recursive descent over the tokens. Recursion happens for parentheses only, and their depth is bounded.
///
/// After a mistake the parser continues with the probable intention, so that one pass reports all of them.
/// ``ParsedFilter`` discards an expression from a text with errors.
struct FilterParser {
    /// The most errors, and the most warnings, that are reported.
    static let maximumDiagnostics = 16

    private var lexer: FilterLexer
    private var token: LocatedToken
    private(set) var sites: [ComparisonSite] = []

    init(_ text: String) {
        self.lexer = FilterLexer(text)
        self.token = self.lexer.next()
    }

    var diagnostics: [PendingDiagnostic] { self.lexer.diagnostics }

    mutating func parseFilter() -> FilterExpression? {
        if case .end = self.token.token {
            self.report(.empty, at: 0, "the filter is empty: leave it out to export everything")
            return nil
        }
        let expression = self.parseAny(depth: 0)
        while case .close = self.token.token {
            self.report(.unbalancedParenthesis, at: self.token.start, "this parenthesis was never opened")
            self.advance()
            if case .end = self.token.token { break }
            _ = self.parseAny(depth: 0)
        }
        return expression
    }

    // MARK: - Chains

    private mutating func parseAny(depth: Int) -> FilterExpression? {
        var terms: [FilterExpression] = []
        while true {
            if let term = self.parseAll(depth: depth) { terms.append(term) }
            guard case .or = self.token.token else { break }
            self.advance()
        }
        return terms.count > 1 ? .any(flattened(terms, isAny: true)) : terms.first
    }

    private mutating func parseAll(depth: Int) -> FilterExpression? {
        var terms: [FilterExpression] = []
        while true {
            if let term = self.parsePrimary(depth: depth) { terms.append(term) }
            switch self.token.token {
            case .and:
                self.advance()
            case .word, .open, .string, .number, .dateTime, .malformed, .compare:
                self.report(.missingConnective, at: self.token.start, "and or or is missing before this")
            case .or, .close, .end:
                return terms.count > 1 ? .all(flattened(terms, isAny: false)) : terms.first
            }
        }
    }

    private func flattened(_ terms: [FilterExpression], isAny: Bool) -> [FilterExpression] {
        terms.flatMap { term in
            switch term {
            case .any(let inner) where isAny: inner
            case .all(let inner) where !isAny: inner
            default: [term]
            }
        }
    }

    // MARK: - One term

    private mutating func parsePrimary(depth: Int) -> FilterExpression? {
        guard case .open = self.token.token else { return self.parseComparison() }
        let start = self.token.start
        guard depth < ODataFilter.maximumDepth else {
            self.report(.tooDeep, at: start, "parentheses nest deeper than \(ODataFilter.maximumDepth)")
            self.stop()
            return nil
        }
        self.advance()
        let expression = self.parseAny(depth: depth + 1)
        if case .close = self.token.token {
            self.advance()
        } else {
            self.report(.unbalancedParenthesis, at: start, "this parenthesis is never closed")
        }
        return expression
    }

    private mutating func parseComparison() -> FilterExpression? {
        guard let field = self.parseField() else { return nil }
        guard let op = self.parseOperator(after: field.name) else { return nil }
        let valueOffset = self.token.start
        guard let value = self.parseValue(after: op) else { return nil }
        let comparison = FilterComparison(field: field.name, op: op, value: value)
        self.sites.append(
            ComparisonSite(comparison: comparison, fieldOffset: field.offset, valueOffset: valueOffset)
        )
        return .comparison(comparison)
    }

    private mutating func parseField() -> (name: String, offset: Int)? {
        let start = self.token.start
        switch self.token.token {
        case .word(let name):
            self.advance()
            if case .open = self.token.token { return self.rejectFunction(name, at: start) }
            if name == "not" {
                self.report(.unsupported, at: start, "not is not part of the API's filters: use ne")
                return self.parseField()
            }
            return (name, start)
        case .and, .or, .close, .end:
            self.report(.missingField, at: start, "a comparison is missing here, such as paymentId eq '123'")
        case .compare(let op):
            self.report(.missingField, at: start, "a field's name is missing before \(op.rawValue)")
            self.advance()
            self.skipValue()
        case .string, .number, .dateTime, .malformed:
            self.report(.missingField, at: start, "the field's name comes first, the value after the operator")
            self.advance()
            if case .compare = self.token.token { self.advance() }
            self.skipValue()
        case .open:
            break
        }
        return nil
    }

    private mutating func rejectFunction(_ name: String, at start: Int) -> (name: String, offset: Int)? {
        let isNot = name.lowercased() == "not"
        self.report(
            .unsupported,
            at: start,
            isNot
                ? "not is not part of the API's filters: use ne"
                : "\(name)(…) is not part of the API's filters: compare a field with eq, ne, gt, ge, lt or le"
        )
        guard !isNot else {
            // The parentheses contain an ordinary term.
            _ = self.parsePrimary(depth: ODataFilter.maximumDepth - 1)
            return nil
        }
        self.skipParentheses()
        if case .compare = self.token.token {
            self.advance()
            self.skipValue()
        }
        return nil
    }

    private mutating func parseOperator(after field: String) -> FilterOperator? {
        let start = self.token.start
        switch self.token.token {
        case .compare(let op):
            self.advance()
            return op
        case .string, .number, .dateTime:
            self.report(
                .missingOperator,
                at: start,
                "an operator is missing between \(shortened(field)) and this value"
            )
            return .eq
        case .word(let word):
            self.report(
                .missingOperator,
                at: start,
                "\(shortened(word)) is no operator: after \(shortened(field)) use eq, ne, gt, ge, lt or le"
            )
            self.advance()
            self.skipValue()
        case .malformed:
            self.advance()
        case .and, .or, .open, .close, .end:
            self.report(.missingOperator, at: start, "\(shortened(field)) is compared with nothing: add eq and a value")
            if case .open = self.token.token { self.skipParentheses() }
        }
        return nil
    }

    private mutating func parseValue(after op: FilterOperator) -> FilterLiteral? {
        let start = self.token.start
        switch self.token.token {
        case .string(let text):
            self.advance()
            return .string(text)
        case .number(let text):
            self.advance()
            return .number(text)
        case .dateTime(let text):
            return self.parseDate(text)
        case .malformed:
            self.advance()
            self.skipWords()
        case .word(let word):
            self.advance()
            return self.parseBareWord(word, at: start)
        case .and, .or, .open, .close, .end, .compare:
            self.report(.missingValue, at: start, "a value is missing after \(op.rawValue)")
            if case .open = self.token.token { self.skipParentheses() }
            if case .compare = self.token.token {
                self.advance()
                self.skipValue()
            }
        }
        return nil
    }

    /// A date with its time in a second word is one mistake, not two.
    private mutating func parseDate(_ text: String) -> FilterLiteral? {
        let start = self.token.start
        let end = self.token.end
        self.advance()
        guard case .malformed = self.token.token, !text.utf8.contains(UInt8(ascii: "T")) else { return .dateTime(text) }
        let time = self.lexer.text(self.token.start..<self.token.end)
        guard time.utf8.contains(UInt8(ascii: ":")), self.token.start > end else { return .dateTime(text) }
        self.lexer.retract(from: self.token.start)
        self.report(.malformedDate, at: start, "date and time are joined with T: write \(text)T\(shortened(time))")
        self.advance()
        return nil
    }

    private mutating func parseBareWord(_ word: String, at start: Int) -> FilterLiteral? {
        switch word {
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        case "null": return .null
        default: break
        }
        if case .open = self.token.token {
            self.report(.unsupported, at: start, "\(shortened(word))(…) is not part of the API's filters")
            self.skipParentheses()
            return nil
        }
        self.report(.unquotedText, at: start, "\(shortened(word)) is text: put it in single quotes")
        self.skipWords()
        return nil
    }

    // MARK: - Recovery after a mistake

    private mutating func advance() {
        self.token = self.lexer.next()
    }

    private mutating func stop() {
        self.lexer.stop()
        self.advance()
    }

    private mutating func report(_ code: FilterDiagnostic.Code, at offset: Int, _ message: String) {
        self.lexer.report(.error, code, at: offset, message)
    }

    /// One value, or the several words of an unquoted one.
    private mutating func skipValue() {
        switch self.token.token {
        case .string, .number, .dateTime: self.advance()
        case .word, .malformed: self.skipWords()
        case .compare, .and, .or, .open, .close, .end: break
        }
    }

    private mutating func skipWords() {
        while true {
            switch self.token.token {
            case .word, .malformed, .number, .dateTime: self.advance()
            default: return
            }
        }
    }

    private mutating func skipParentheses() {
        var depth = 0
        repeat {
            switch self.token.token {
            case .open: depth += 1
            case .close: depth -= 1
            case .end: return
            default: break
            }
            self.advance()
        } while depth > 0
    }
}

/// Text for a message: not longer than a line.
func shortened(_ text: String) -> String {
    text.count <= 60 ? text : text.prefix(59) + "…"
}
