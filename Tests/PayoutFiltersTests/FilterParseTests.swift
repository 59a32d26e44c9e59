import PayoutFilters
import Testing

@Suite struct FilterParseTests {
    @Test(arguments: [
        "earningForDate ge 2019-01-27T23:16:31.009Z and earningForDate le 2019-09-25T23:16:31.009Z "
            + "and (enrollmentParticipantId eq 'XXXXXXX') and (programName eq 'CSP Direct Bill Partner') "
            + "and (payableSubType eq 'REBATE') and (paymentId eq '000000000000') "
            + "and (leverCode eq 'CSP Direct Partner: Core') and (payoutStatus eq 'IN PROGRESS')",
        "enrollmentParticipantId eq 1234567",
        "transactionAmount gt -12.50 and earningAmount le 1e3",
        "payoutStatus ne 'SENT' or payoutStatus eq null",
        "programName eq 'O''Brien & sons, 100% \"best\"'",
        "earningForDate ge 2023-03-01",
        "earningForDate ge 2024-02-29T00:00+02:00",
        "((earningForDate lt 2023-03-01T00:00:00.1234567Z))",
    ])
    func documentedFiltersHaveNoDiagnostics(text: String) {
        let parsed = ODataFilter.parse(text, for: .transactionHistory)
        #expect(parsed.diagnostics.isEmpty)
        #expect(parsed.isWellFormed)
    }

    @Test func andBindsTighterThanOr() throws {
        let expression = try #require(ODataFilter.parse("a eq 1 or b eq 2 and c eq 3").expression)
        guard case .any(let terms) = expression, terms.count == 2, case .all(let factors) = terms[1] else {
            Issue.record("\(expression)")
            return
        }
        #expect(factors.count == 2)
        #expect(expression.description == "a eq 1 or b eq 2 and c eq 3")
    }

    @Test func onlyNecessaryParenthesesAreKept() throws {
        let expression = try #require(ODataFilter.parse("(a eq 1 or b eq 2) and ((c eq 3) and d eq 4)").expression)
        #expect(expression.description == "(a eq 1 or b eq 2) and c eq 3 and d eq 4")
        #expect(expression.comparisons.map(\.field) == ["a", "b", "c", "d"])
    }

    @Test func doubledQuotesStandForOne() throws {
        let expression = try #require(ODataFilter.parse("a eq 'it''s'").expression)
        #expect(expression == .comparison(FilterComparison(field: "a", op: .eq, value: .string("it's"))))
        #expect(expression.description == "a eq 'it''s'")
    }

    // MARK: - Mistakes

    struct Mistake: Sendable, CustomTestStringConvertible {
        let text: String
        let code: FilterDiagnostic.Code
        let offset: Int
        var mention = ""
        var testDescription: String { self.text }
    }

    static let mistakes: [Mistake] = [
        Mistake(text: "paymentId = '1'", code: .symbolOperator, offset: 10, mention: "write eq"),
        Mistake(text: "paymentId == '1'", code: .symbolOperator, offset: 10, mention: "write eq"),
        Mistake(text: "paymentId != '1'", code: .symbolOperator, offset: 10, mention: "write ne"),
        Mistake(text: "paymentId <> '1'", code: .symbolOperator, offset: 10, mention: "write ne"),
        Mistake(text: "earningAmount > 1", code: .symbolOperator, offset: 14, mention: "write gt"),
        Mistake(text: "earningAmount >= 1", code: .symbolOperator, offset: 14, mention: "write ge"),
        Mistake(text: "earningAmount < 1", code: .symbolOperator, offset: 14, mention: "write lt"),
        Mistake(text: "earningAmount<=1", code: .symbolOperator, offset: 13, mention: "write le"),
        Mistake(
            text: "paymentId eq '1' && paymentId eq '2'",
            code: .symbolConnective,
            offset: 17,
            mention: "write and"
        ),
        Mistake(text: "paymentId eq '1' || paymentId eq '2'", code: .symbolConnective, offset: 17, mention: "write or"),
        Mistake(text: "paymentId eq '1', paymentId eq '2'", code: .symbolConnective, offset: 16, mention: "write and"),
        Mistake(text: "paymentId eq ‘1’", code: .curlyQuotes, offset: 13, mention: "straight"),
        Mistake(text: "paymentId eq “1”", code: .curlyQuotes, offset: 13, mention: "straight"),
        Mistake(text: "paymentId eq \"1\"", code: .doubleQuotes, offset: 13, mention: "single quotes"),
        Mistake(text: "$filter=paymentId eq '1'", code: .queryPrefix, offset: 0, mention: "$filter="),
        Mistake(text: "?$filter=paymentId eq '1'", code: .queryPrefix, offset: 0, mention: "?$filter="),
        Mistake(text: "%24filter=paymentId eq '1'", code: .queryPrefix, offset: 0, mention: "%24filter="),
        Mistake(text: "filter=paymentId eq '1'", code: .queryPrefix, offset: 0, mention: "filter="),
        Mistake(text: "paymentId eq '1'&fileformat=csv", code: .queryPrefix, offset: 16, mention: "parameter"),
        Mistake(text: "paymentId%20eq%20'1'", code: .percentEncoded, offset: 9, mention: "plain text"),
        Mistake(text: "paymentId+eq+'1'", code: .percentEncoded, offset: 0, mention: "plain text"),
        Mistake(text: "paymentId eq '1", code: .unterminatedString, offset: 13, mention: "never closed"),
        Mistake(text: "paymentId eq 'O'Brien'", code: .undoubledQuote, offset: 15, mention: "doubled"),
        Mistake(text: "paymentId '1'", code: .missingOperator, offset: 10, mention: "operator"),
        Mistake(text: "paymentId", code: .missingOperator, offset: 9, mention: "paymentId"),
        Mistake(text: "paymentId like '1'", code: .missingOperator, offset: 10, mention: "like"),
        Mistake(text: "paymentId equals '1'", code: .missingOperator, offset: 10, mention: "equals"),
        Mistake(text: "paymentId eq", code: .missingValue, offset: 12, mention: "eq"),
        Mistake(text: "paymentId eq and paymentId eq '2'", code: .missingValue, offset: 13),
        Mistake(text: "eq '1'", code: .missingField, offset: 0),
        Mistake(text: "'1' eq paymentId", code: .missingField, offset: 0, mention: "first"),
        Mistake(text: "paymentId eq '1' and", code: .missingField, offset: 20),
        Mistake(text: "and paymentId eq '1'", code: .missingField, offset: 0),
        Mistake(text: "paymentId eq '1' paymentId eq '2'", code: .missingConnective, offset: 17),
        Mistake(text: "(paymentId eq '1'", code: .unbalancedParenthesis, offset: 0, mention: "never closed"),
        Mistake(text: "paymentId eq '1')", code: .unbalancedParenthesis, offset: 16, mention: "never opened"),
        Mistake(text: "()", code: .missingField, offset: 1),
        Mistake(text: "payoutStatus eq IN PROGRESS", code: .unquotedText, offset: 16, mention: "single quotes"),
        Mistake(text: "paymentId eq 93c2b3cf-c6d8-4e7e-ade1-007768a6eba4", code: .unquotedText, offset: 13),
        Mistake(text: "not (paymentId eq '1')", code: .unsupported, offset: 0, mention: "ne"),
        Mistake(text: "contains(programName, 'CSP')", code: .unsupported, offset: 0, mention: "contains"),
        Mistake(text: "earningForDate ge now()", code: .unsupported, offset: 18, mention: "now"),
        Mistake(text: "earningForDate ge datetime'2023-03-01T00:00:00'", code: .unsupported, offset: 18, mention: "v3"),
        Mistake(text: "earningForDate ge 01/03/2023", code: .malformedDate, offset: 18, mention: "2023-03-01"),
        Mistake(text: "earningForDate ge 2023/03/01", code: .malformedDate, offset: 18),
        Mistake(text: "earningForDate ge 1.3.2023", code: .malformedDate, offset: 18),
        Mistake(text: "earningForDate ge 2023-3-1", code: .malformedDate, offset: 18),
        Mistake(text: "earningForDate ge 2023-02-30", code: .malformedDate, offset: 18, mention: "no such day"),
        Mistake(text: "earningForDate ge 2023-13-01", code: .malformedDate, offset: 18, mention: "no such day"),
        Mistake(
            text: "earningForDate ge 2023-03-01T25:00:00Z",
            code: .malformedDate,
            offset: 18,
            mention: "no such time"
        ),
        Mistake(text: "earningForDate ge 2023-03-01T00:00:00", code: .malformedDate, offset: 18, mention: "append Z"),
        Mistake(
            text: "earningForDate ge 2023-03-01 00:00:00Z",
            code: .malformedDate,
            offset: 18,
            mention: "2023-03-01T00:00:00Z"
        ),
        Mistake(text: "earningAmount gt 1,000.50", code: .malformedNumber, offset: 17, mention: "1234.50"),
        Mistake(text: "earningAmount gt 5m", code: .malformedNumber, offset: 17, mention: "suffix"),
        Mistake(text: "earningAmount gt 1.", code: .malformedNumber, offset: 17),
        Mistake(text: "earningAmount gt #5", code: .unexpectedCharacter, offset: 17, mention: "#"),
        Mistake(text: "paymentId\u{A0}eq '1'", code: .unexpectedCharacter, offset: 9, mention: "no-break"),
        Mistake(text: "paymentId eq\u{0} '1'", code: .controlCharacter, offset: 12),
        Mistake(text: "", code: .empty, offset: 0, mention: "leave it out"),
        Mistake(text: "  \t ", code: .empty, offset: 0),
    ]

    @Test(arguments: mistakes)
    func mistakesAreReported(mistake: Mistake) throws {
        let parsed = ODataFilter.parse(mistake.text, for: .transactionHistory)
        #expect(!parsed.isWellFormed)
        let first = try #require(parsed.errors.first)
        #expect(first.code == mistake.code, "\(first)")
        #expect(first.utf8Offset == mistake.offset, "\(first)")
        #expect(first.message.contains(mistake.mention), "\(first)")
    }

    @Test func severalMistakesAreReportedAtOnce() {
        let parsed = ODataFilter.parse("$filter=paymentId = \"1\" && earningAmount > 5", for: .transactionHistory)
        #expect(
            parsed.errors.map(\.code)
                == [.queryPrefix, .symbolOperator, .doubleQuotes, .symbolConnective, .symbolOperator]
        )
    }

    @Test func onlyTheFirstMistakesAreReported() {
        let parsed = ODataFilter.parse(String(repeating: "a = 1 && ", count: 500))
        #expect(parsed.errors.count == 16)
    }

    @Test(arguments: [
        "paymentId EQ '1'", "paymentId eq '1' AND paymentId eq '2'", "paymentId eq'1'", "paymentId eq\n'1'",
    ])
    func looseFormIsAWarningOnly(text: String) {
        let parsed = ODataFilter.parse(text, for: .payments)
        #expect(parsed.isWellFormed)
        #expect(parsed.warnings.count == 1)
    }

    @Test func positionsAreInBytesAndInCharacters() throws {
        let text = "programName eq 'Köln 👩‍👩‍👧 x' and paymentId = '1'"
        let mistake = try #require(ODataFilter.lint(text, for: .payments).first)
        let equals = try #require(text.utf8.firstIndex(of: UInt8(ascii: "=")))
        #expect(mistake.utf8Offset == text.utf8.distance(from: text.startIndex, to: equals))
        #expect(mistake.characterOffset == text.distance(from: text.startIndex, to: equals))
        #expect(mistake.utf8Offset > mistake.characterOffset)
        #expect(mistake.description.hasPrefix("error at character \(mistake.characterOffset + 1): "))
    }

    // MARK: - Bounds

    @Test func depthIsBounded() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "(", count: depth) + "a eq 1" + String(repeating: ")", count: depth)
        }
        #expect(ODataFilter.parse(nested(ODataFilter.maximumDepth)).isWellFormed)
        let tooDeep = ODataFilter.parse(nested(ODataFilter.maximumDepth + 1))
        #expect(tooDeep.errors.map(\.code) == [.tooDeep])
    }

    @Test(arguments: [
        "(", ")", "not (", "not ", "'", "a eq ", "a eq 1 and ", "f(", "1", "-", "‘", "\"", "é", "a eq 1 or (", "\0",
        "eq ",
    ])
    func hostileTextsHaveAResult(piece: String) {
        let count = ODataFilter.maximumLength * 4 / piece.utf8.count
        #expect(!ODataFilter.parse(String(repeating: piece, count: count), for: .payments).isWellFormed)
    }

    @Test func longChainsAreParsed() throws {
        let text = Array(repeating: "paymentId eq '1'", count: 5000).joined(separator: " or ")
        let expression = try #require(ODataFilter.parse(text).expression)
        #expect(expression.comparisons.count == 5000)
        #expect(expression.description == text)
    }

    // MARK: - Many mistakes

    @Test func manyWarningsDoNotEndParsing() throws {
        let count = 40
        let text = (0..<count).map { "paymentId eq '\($0)'" }.joined(separator: "\nOR\n")
        let parsed = ODataFilter.parse(text, for: .payments)
        #expect(parsed.isWellFormed)
        #expect(parsed.warnings.count == 16)
        guard case .any(let terms) = try #require(parsed.expression) else {
            Issue.record("not a chain")
            return
        }
        #expect(terms.count == count)
    }

    @Test(arguments: [" and", " )", " 'x", " paymentId", " \u{7}"])
    func errorBehindManyWarningsIsFound(tail: String) {
        let text = (0..<40).map { "paymentId eq '\($0)'" }.joined(separator: "\nOR\n") + tail
        let parsed = ODataFilter.parse(text, for: .payments)
        #expect(!parsed.isWellFormed)
        #expect(!parsed.errors.isEmpty)
    }

    @Test func manyErrorsAreBounded() {
        let parsed = ODataFilter.parse(String(repeating: "= ", count: 4_000), for: .payments)
        #expect(parsed.errors.count == 16)
        #expect(!parsed.isWellFormed)
    }
}
