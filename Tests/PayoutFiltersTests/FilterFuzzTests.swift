import PayoutFilters
import Testing
import TestSupport

/// Random texts from fixed seeds. The seed of a failure is in its message.
@Suite struct FilterFuzzTests {
    private static let pieces = [
        "a", "paymentId", "PaymentID", "programName", "paymentAmount", "earningForDate", "'2023-03-01'", "“x”", "eq",
        "ne", "EQ", "and", "or", "not", "(", ")", "'", "''", "'x'", "\"", "‘",
        "’",
        "=", "==", "<", ">", "!", "&&", "||", "&", "|", ",", "1", "-1.5", "1e5", "2023-03-01", "2023-03-01T00:00:00Z",
        "2023-99-01", "1/2/2023", " ", "  ", "\t", "\n", "\0", "é", "👩‍👩‍👧", "\u{A0}", "%20", "+", "$filter=", "null",
        "true",
        "datetime'2023'", "contains(", "\u{301}", "/", ":", ".", "\\", "#", "@",
    ]

    @Test(arguments: 0..<8 as Range<UInt64>)
    func everyTextHasAConsistentResult(seed: UInt64) async {
        var random = SeededGenerator(seed: seed)
        for round in 0..<500 {
            // Other tests need the threads too.
            await Task.yield()
            var text = ""
            for _ in 0..<Int.random(in: 0...24, using: &random) {
                text += Self.pieces.randomElement(using: &random) ?? ""
                if Int.random(in: 0..<3, using: &random) > 0 { text += " " }
            }
            let kind: PayoutKind = Bool.random(using: &random) ? .payments : .transactionHistory
            let parsed = ODataFilter.parse(text, for: kind)
            if let problem = Self.problem(with: parsed, of: text) ?? Self.problem(ofCorrecting: text, parsed, kind) {
                Issue.record("seed \(seed) round \(round): \(problem): \(text.debugDescription)")
            }
        }
    }

    /// The contradictions in a result.
    private static func problem(with parsed: ParsedFilter, of text: String) -> String? {
        if parsed.isWellFormed != parsed.errors.isEmpty { return "an expression and errors, or neither" }
        if parsed.diagnostics.count > 32 { return "too many diagnostics" }
        for diagnostic in parsed.diagnostics {
            guard (0...text.utf8.count).contains(diagnostic.utf8Offset) else { return "a byte outside the text" }
            guard (0...text.count).contains(diagnostic.characterOffset) else { return "a character outside the text" }
            guard diagnostic.characterOffset <= diagnostic.utf8Offset else { return "more characters than bytes" }
        }
        guard let expression = parsed.expression else { return nil }
        let again = ODataFilter.parse(expression.description)
        if again.expression != expression { return "does not read back" }
        return again.diagnostics.isEmpty ? nil : "reads back with \(again.diagnostics)"
    }

    /// The contradictions in a correction.
    private static func problem(ofCorrecting text: String, _ parsed: ParsedFilter, _ kind: PayoutKind) -> String? {
        let corrected = ODataFilter.correct(text, for: kind)
        guard corrected.isRewritten else {
            return corrected.text == text && corrected.parsed == parsed ? nil : "changed without a correction"
        }
        guard let expression = corrected.parsed.expression else { return "rewritten to what is no filter" }
        if ODataFilter.correct(corrected.text, for: kind).isRewritten { return "rewritten again: \(corrected.text)" }
        if let original = parsed.expression, original.meaning != expression.meaning { return "another meaning" }
        return nil
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func arbitraryBytesAreParsed(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            let bytes = (0..<Int.random(in: 0...200, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            _ = ODataFilter.lint(String(decoding: bytes, as: UTF8.self), for: .payments)
        }
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func builtFiltersAreWellFormed(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for round in 0..<200 {
            let filter = Self.randomFilter(depth: 5, using: &random)
            let parsed = ODataFilter.parse(filter.text, for: .payments)
            if !parsed.errors.isEmpty || parsed.expression != filter.expression {
                Issue.record("seed \(seed) round \(round): \(filter.text)")
            }
        }
    }

    private static func randomFilter(depth: Int, using random: inout SeededGenerator) -> PayoutFilter<Payments> {
        if depth > 0, Bool.random(using: &random) {
            let left = self.randomFilter(depth: depth - 1, using: &random)
            let right = self.randomFilter(depth: depth - 1, using: &random)
            return Bool.random(using: &random) ? left.and(right) : left.or(right)
        }
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            let text = (0..<6).map { _ in self.pieces.randomElement(using: &random) ?? "" }.joined()
            return Payments.programName.eq(text)
        case 1:
            return Payments.paymentAmount.lt(FilterNumber(Double.random(in: -1e9...1e9, using: &random)) ?? 0)
        case 2:
            let milliseconds = Int64.random(in: -62_135_596_800_000...253_402_300_799_999, using: &random)
            return FilterDate(millisecondsSince1970: milliseconds).map { Payments.payoutStatusUpdateTS.ge($0) }
                ?? Payments.paymentId.eq("")
        default:
            return Payments.enrollmentParticipantId.ne(.number(Int.random(in: .min ... .max, using: &random)))
        }
    }
}

extension FilterExpression {
    /// The expression without what a correction may change: the case of fields, and the quotes of dates and numbers.
    fileprivate var meaning: String {
        switch self {
        case .comparison(let comparison):
            let value: String =
                switch comparison.value {
                case .string(let text), .number(let text), .dateTime(let text): "'\(text)'"
                case .boolean, .null: comparison.value.description
                }
            return "\(comparison.field.lowercased()) \(comparison.op) \(value)"
        case .all(let terms): return "(\(terms.map(\.meaning).joined(separator: " and ")))"
        case .any(let terms): return "(\(terms.map(\.meaning).joined(separator: " or ")))"
        }
    }
}
