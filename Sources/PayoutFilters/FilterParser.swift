/// A comparison and its position, for the checks that need the export's kind.
struct ComparisonSite {
    var comparison: FilterComparison
    var fieldOffset: Int
    var valueRange: Range<Int>
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

    init(_ text: String, isCorrecting: Bool = false) {
        lexer = FilterLexer(text, isCorrecting: isCorrecting)
        token = lexer.next()
    }

    var diagnostics: [PendingDiagnostic] { lexer.diagnostics }

    mutating func parseFilter() -> FilterExpression? {
        if case .end = token.token {
            report(.empty, at: 0, "the filter is empty: leave it out to export everything")
            return nil
        }
        let expression = parseAny(depth: 0)
        while case .close = token.token {
            report(.unbalancedParenthesis, at: token.start, "this parenthesis was never opened")
            advance()
            if case .end = token.token { break }
            _ = parseAny(depth: 0)
        }
        return expression
    }

    // MARK: - Chains

    private mutating func parseAny(depth: Int) -> FilterExpression? {
        var terms: [FilterExpression] = []
        while true {
            if let term = parseAll(depth: depth) { terms.append(term) }
            guard case .or = token.token else { break }
            advance()
        }
        return terms.count > 1 ? .any(flattened(terms, isAny: true)) : terms.first
    }

    private mutating func parseAll(depth: Int) -> FilterExpression? {
        var terms: [FilterExpression] = []
        while true {
            if let term = parsePrimary(depth: depth) { terms.append(term) }
            switch token.token {
            case .and:
                advance()
            case .word, .open, .string, .number, .dateTime, .malformed, .compare:
                report(.missingConnective, at: token.start, "and or or is missing before this")
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
        guard case .open = token.token else { return parseComparison() }
        let start = token.start
        guard depth < ODataFilter.maximumDepth else {
            report(.tooDeep, at: start, "parentheses nest deeper than \(ODataFilter.maximumDepth)")
            stop()
            return nil
        }
        advance()
        let expression = parseAny(depth: depth + 1)
        if case .close = token.token {
            advance()
        } else {
            report(.unbalancedParenthesis, at: start, "this parenthesis is never closed")
        }
        return expression
    }

    private mutating func parseComparison() -> FilterExpression? {
        guard let field = parseField() else { return nil }
        guard let op = parseOperator(after: field.name) else { return nil }
        let valueRange = token.start..<token.end
        guard let value = parseValue(after: op) else { return nil }
        let comparison = FilterComparison(field: field.name, op: op, value: value)
        sites.append(
            ComparisonSite(comparison: comparison, fieldOffset: field.offset, valueRange: valueRange)
        )
        return .comparison(comparison)
    }

    private mutating func parseField() -> (name: String, offset: Int)? {
        let start = token.start
        switch token.token {
        case .word(let name):
            advance()
            if case .open = token.token { return rejectFunction(name, at: start) }
            if name == "not" {
                report(.unsupported, at: start, "not is not part of the API's filters: use ne")
                return parseField()
            }
            return (name, start)
        case .and, .or, .close, .end:
            report(.missingField, at: start, "a comparison is missing here, such as paymentId eq '123'")
        case .compare(let op):
            report(.missingField, at: start, "a field's name is missing before \(op.rawValue)")
            advance()
            skipValue()
        case .string, .number, .dateTime, .malformed:
            report(.missingField, at: start, "the field's name comes first, the value after the operator")
            advance()
            if case .compare = token.token { advance() }
            skipValue()
        case .open:
            break
        }
        return nil
    }

    private mutating func rejectFunction(_ name: String, at start: Int) -> (name: String, offset: Int)? {
        let isNot = name.lowercased() == "not"
        report(
            .unsupported,
            at: start,
            isNot
                ? "not is not part of the API's filters: use ne"
                : "\(name)(…) is not part of the API's filters: compare a field with eq, ne, gt, ge, lt or le"
        )
        guard !isNot else {
            // The parentheses contain an ordinary term.
            _ = parsePrimary(depth: ODataFilter.maximumDepth - 1)
            return nil
        }
        skipParentheses()
        if case .compare = token.token {
            advance()
            skipValue()
        }
        return nil
    }

    private mutating func parseOperator(after field: String) -> FilterOperator? {
        let start = token.start
        switch token.token {
        case .compare(let op):
            advance()
            return op
        case .string, .number, .dateTime:
            report(
                .missingOperator,
                at: start,
                "an operator is missing between \(shortened(field)) and this value"
            )
            return .eq
        case .word(let word):
            report(
                .missingOperator,
                at: start,
                "\(shortened(word)) is no operator: after \(shortened(field)) use eq, ne, gt, ge, lt or le"
            )
            advance()
            skipValue()
        case .malformed:
            advance()
        case .and, .or, .open, .close, .end:
            report(.missingOperator, at: start, "\(shortened(field)) is compared with nothing: add eq and a value")
            if case .open = token.token { skipParentheses() }
        }
        return nil
    }

    private mutating func parseValue(after op: FilterOperator) -> FilterLiteral? {
        let start = token.start
        switch token.token {
        case .string(let text):
            advance()
            return .string(text)
        case .number(let text):
            advance()
            return .number(text)
        case .dateTime(let text):
            return parseDate(text)
        case .malformed:
            advance()
            skipWords()
        case .word(let word):
            advance()
            return parseBareWord(word, at: start)
        case .and, .or, .open, .close, .end, .compare:
            report(.missingValue, at: start, "a value is missing after \(op.rawValue)")
            if case .open = token.token { skipParentheses() }
            if case .compare = token.token {
                advance()
                skipValue()
            }
        }
        return nil
    }

    /// A date with its time in a second word is one mistake, not two.
    private mutating func parseDate(_ text: String) -> FilterLiteral? {
        let start = token.start
        let end = token.end
        advance()
        guard case .malformed = token.token, !text.utf8.contains(UInt8(ascii: "T")) else { return .dateTime(text) }
        let time = lexer.text(token.start..<token.end)
        guard time.utf8.contains(UInt8(ascii: ":")), token.start > end else { return .dateTime(text) }
        lexer.retract(from: token.start)
        report(.malformedDate, at: start, "date and time are joined with T: write \(text)T\(shortened(time))")
        advance()
        return nil
    }

    private mutating func parseBareWord(_ word: String, at start: Int) -> FilterLiteral? {
        switch word {
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        case "null": return .null
        default: break
        }
        if case .open = token.token {
            report(.unsupported, at: start, "\(shortened(word))(…) is not part of the API's filters")
            skipParentheses()
            return nil
        }
        report(.unquotedText, at: start, "\(shortened(word)) is text: put it in single quotes")
        skipWords()
        return nil
    }

    // MARK: - Recovery after a mistake

    private mutating func advance() {
        token = lexer.next()
    }

    private mutating func stop() {
        lexer.stop()
        advance()
    }

    private mutating func report(_ code: FilterDiagnostic.Code, at offset: Int, _ message: String) {
        lexer.report(.error, code, at: offset, message)
    }

    /// One value, or the several words of an unquoted one.
    private mutating func skipValue() {
        switch token.token {
        case .string, .number, .dateTime: advance()
        case .word, .malformed: skipWords()
        case .compare, .and, .or, .open, .close, .end: break
        }
    }

    private mutating func skipWords() {
        while true {
            switch token.token {
            case .word, .malformed, .number, .dateTime: advance()
            default: return
            }
        }
    }

    private mutating func skipParentheses() {
        var depth = 0
        repeat {
            switch token.token {
            case .open: depth += 1
            case .close: depth -= 1
            case .end: return
            default: break
            }
            advance()
        } while depth > 0
    }
}

/// Text for a message: not longer than a line.
func shortened(_ text: String) -> String {
    text.count <= 60 ? text : text.prefix(59) + "…"
}
