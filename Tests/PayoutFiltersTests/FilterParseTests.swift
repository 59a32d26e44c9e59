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
    func documentedFiltersAreFine(text: String) {
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

    @Test func parenthesesAreKeptWhereTheyMatter() throws {
        let expression = try #require(ODataFilter.parse("(a eq 1 or b eq 2) and ((c eq 3) and d eq 4)").expression)
        #expect(expression.description == "(a eq 1 or b eq 2) and c eq 3 and d eq 4")
        #expect(expression.comparisons.map(\.field) == ["a", "b", "c", "d"])
    }

    @Test func doubledQuotesStandForOne() throws {
        let expression = try #require(ODataFilter.parse("a eq 'it''s'").expression)
        #expect(expression == .comparison(FilterComparison(field: "a", op: .eq, value: .string("it's"))))
        #expect(expression.description == "a eq 'it''s'")
    }

    // MARK: - Slips

    struct Slip: Sendable, CustomTestStringConvertible {
        let text: String
        let code: FilterDiagnostic.Code
        let offset: Int
        var mention = ""
        var testDescription: String { self.text }
    }

    static let slips: [Slip] = [
        Slip(text: "paymentId = '1'", code: .symbolOperator, offset: 10, mention: "write eq"),
        Slip(text: "paymentId == '1'", code: .symbolOperator, offset: 10, mention: "write eq"),
        Slip(text: "paymentId != '1'", code: .symbolOperator, offset: 10, mention: "write ne"),
        Slip(text: "paymentId <> '1'", code: .symbolOperator, offset: 10, mention: "write ne"),
        Slip(text: "earningAmount > 1", code: .symbolOperator, offset: 14, mention: "write gt"),
        Slip(text: "earningAmount >= 1", code: .symbolOperator, offset: 14, mention: "write ge"),
        Slip(text: "earningAmount < 1", code: .symbolOperator, offset: 14, mention: "write lt"),
        Slip(text: "earningAmount<=1", code: .symbolOperator, offset: 13, mention: "write le"),
        Slip(text: "paymentId eq '1' && paymentId eq '2'", code: .symbolConnective, offset: 17, mention: "write and"),
        Slip(text: "paymentId eq '1' || paymentId eq '2'", code: .symbolConnective, offset: 17, mention: "write or"),
        Slip(text: "paymentId eq '1', paymentId eq '2'", code: .symbolConnective, offset: 16, mention: "write and"),
        Slip(text: "paymentId eq ‘1’", code: .curlyQuotes, offset: 13, mention: "straight"),
        Slip(text: "paymentId eq “1”", code: .curlyQuotes, offset: 13, mention: "straight"),
        Slip(text: "paymentId eq \"1\"", code: .doubleQuotes, offset: 13, mention: "single quotes"),
        Slip(text: "$filter=paymentId eq '1'", code: .queryPrefix, offset: 0, mention: "$filter="),
        Slip(text: "?$filter=paymentId eq '1'", code: .queryPrefix, offset: 0, mention: "?$filter="),
        Slip(text: "%24filter=paymentId eq '1'", code: .queryPrefix, offset: 0, mention: "%24filter="),
        Slip(text: "filter=paymentId eq '1'", code: .queryPrefix, offset: 0, mention: "filter="),
        Slip(text: "paymentId eq '1'&fileformat=csv", code: .queryPrefix, offset: 16, mention: "parameter"),
        Slip(text: "paymentId%20eq%20'1'", code: .percentEncoded, offset: 9, mention: "plain text"),
        Slip(text: "paymentId+eq+'1'", code: .percentEncoded, offset: 0, mention: "plain text"),
        Slip(text: "paymentId eq '1", code: .unterminatedString, offset: 13, mention: "never closed"),
        Slip(text: "paymentId eq 'O'Brien'", code: .undoubledQuote, offset: 15, mention: "doubled"),
        Slip(text: "paymentId '1'", code: .missingOperator, offset: 10, mention: "operator"),
        Slip(text: "paymentId", code: .missingOperator, offset: 9, mention: "paymentId"),
        Slip(text: "paymentId like '1'", code: .missingOperator, offset: 10, mention: "like"),
        Slip(text: "paymentId equals '1'", code: .missingOperator, offset: 10, mention: "equals"),
        Slip(text: "paymentId eq", code: .missingValue, offset: 12, mention: "eq"),
        Slip(text: "paymentId eq and paymentId eq '2'", code: .missingValue, offset: 13),
        Slip(text: "eq '1'", code: .missingField, offset: 0),
        Slip(text: "'1' eq paymentId", code: .missingField, offset: 0, mention: "first"),
        Slip(text: "paymentId eq '1' and", code: .missingField, offset: 20),
        Slip(text: "and paymentId eq '1'", code: .missingField, offset: 0),
        Slip(text: "paymentId eq '1' paymentId eq '2'", code: .missingConnective, offset: 17),
        Slip(text: "(paymentId eq '1'", code: .unbalancedParenthesis, offset: 0, mention: "never closed"),
        Slip(text: "paymentId eq '1')", code: .unbalancedParenthesis, offset: 16, mention: "never opened"),
        Slip(text: "()", code: .missingField, offset: 1),
        Slip(text: "payoutStatus eq IN PROGRESS", code: .unquotedText, offset: 16, mention: "single quotes"),
        Slip(text: "paymentId eq 93c2b3cf-c6d8-4e7e-ade1-007768a6eba4", code: .unquotedText, offset: 13),
        Slip(text: "not (paymentId eq '1')", code: .unsupported, offset: 0, mention: "ne"),
        Slip(text: "contains(programName, 'CSP')", code: .unsupported, offset: 0, mention: "contains"),
        Slip(text: "earningForDate ge now()", code: .unsupported, offset: 18, mention: "now"),
        Slip(text: "earningForDate ge datetime'2023-03-01T00:00:00'", code: .unsupported, offset: 18, mention: "v3"),
        Slip(text: "earningForDate ge 01/03/2023", code: .malformedDate, offset: 18, mention: "2023-03-01"),
        Slip(text: "earningForDate ge 2023/03/01", code: .malformedDate, offset: 18),
        Slip(text: "earningForDate ge 1.3.2023", code: .malformedDate, offset: 18),
        Slip(text: "earningForDate ge 2023-3-1", code: .malformedDate, offset: 18),
        Slip(text: "earningForDate ge 2023-02-30", code: .malformedDate, offset: 18, mention: "no such day"),
        Slip(text: "earningForDate ge 2023-13-01", code: .malformedDate, offset: 18, mention: "no such day"),
        Slip(text: "earningForDate ge 2023-03-01T25:00:00Z", code: .malformedDate, offset: 18, mention: "no such time"),
        Slip(text: "earningForDate ge 2023-03-01T00:00:00", code: .malformedDate, offset: 18, mention: "append Z"),
        Slip(
            text: "earningForDate ge 2023-03-01 00:00:00Z",
            code: .malformedDate,
            offset: 18,
            mention: "2023-03-01T00:00:00Z"
        ),
        Slip(text: "earningAmount gt 1,000.50", code: .malformedNumber, offset: 17, mention: "1234.50"),
        Slip(text: "earningAmount gt 5m", code: .malformedNumber, offset: 17, mention: "suffix"),
        Slip(text: "earningAmount gt 1.", code: .malformedNumber, offset: 17),
        Slip(text: "earningAmount gt #5", code: .unexpectedCharacter, offset: 17, mention: "#"),
        Slip(text: "paymentId\u{A0}eq '1'", code: .unexpectedCharacter, offset: 9, mention: "no-break"),
        Slip(text: "paymentId eq\u{0} '1'", code: .controlCharacter, offset: 12),
        Slip(text: "", code: .empty, offset: 0, mention: "leave it out"),
        Slip(text: "  \t ", code: .empty, offset: 0),
    ]

    @Test(arguments: slips)
    func slipsAreNamed(slip: Slip) throws {
        let parsed = ODataFilter.parse(slip.text, for: .transactionHistory)
        #expect(!parsed.isWellFormed)
        let first = try #require(parsed.errors.first)
        #expect(first.code == slip.code, "\(first)")
        #expect(first.utf8Offset == slip.offset, "\(first)")
        #expect(first.message.contains(slip.mention), "\(first)")
    }

    @Test func severalSlipsAreNamedAtOnce() {
        let parsed = ODataFilter.parse("$filter=paymentId = \"1\" && earningAmount > 5", for: .transactionHistory)
        #expect(
            parsed.errors.map(\.code)
                == [.queryPrefix, .symbolOperator, .doubleQuotes, .symbolConnective, .symbolOperator]
        )
    }

    @Test func onlyTheFirstFewSlipsAreNamed() {
        let parsed = ODataFilter.parse(String(repeating: "a = 1 && ", count: 500))
        #expect(parsed.errors.count == 16)
    }

    @Test(arguments: [
        "paymentId EQ '1'", "paymentId eq '1' AND paymentId eq '2'", "paymentId eq'1'", "paymentId eq\n'1'",
    ])
    func looseFormIsOnlyWarnedOf(text: String) {
        let parsed = ODataFilter.parse(text, for: .payments)
        #expect(parsed.isWellFormed)
        #expect(parsed.warnings.count == 1)
    }

    @Test func positionsAreInBytesAndInCharacters() throws {
        let text = "programName eq 'Köln 👩‍👩‍👧 x' and paymentId = '1'"
        let slip = try #require(ODataFilter.lint(text, for: .payments).first)
        let equals = try #require(text.utf8.firstIndex(of: UInt8(ascii: "=")))
        #expect(slip.utf8Offset == text.utf8.distance(from: text.startIndex, to: equals))
        #expect(slip.characterOffset == text.distance(from: text.startIndex, to: equals))
        #expect(slip.utf8Offset > slip.characterOffset)
        #expect(slip.description.hasPrefix("error at character \(slip.characterOffset + 1): "))
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
    func hostileTextsHaveAnAnswer(piece: String) {
        let count = ODataFilter.maximumLength * 4 / piece.utf8.count
        #expect(!ODataFilter.parse(String(repeating: piece, count: count), for: .payments).isWellFormed)
    }

    @Test func longChainsAreFine() throws {
        let text = Array(repeating: "paymentId eq '1'", count: 5000).joined(separator: " or ")
        let expression = try #require(ODataFilter.parse(text).expression)
        #expect(expression.comparisons.count == 5000)
        #expect(expression.description == text)
    }

    // MARK: - Many slips

    @Test func manyWarningsDoNotEndTheReading() throws {
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
    func anErrorBehindManyWarningsIsFound(tail: String) {
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
