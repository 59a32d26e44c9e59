import PayoutFilters
import Testing

@Suite struct FilterCorrectionTests {
    @Test(
        arguments: [
            ("engagementName='x'", "engagementName eq 'x'"),
            ("enrollmentParticipantId=123", "enrollmentParticipantId eq 123"),
            ("enrollmentParticipantId == 123", "enrollmentParticipantId eq 123"),
            ("programName eq ‘CSP Direct Bill Partner’", "programName eq 'CSP Direct Bill Partner'"),
            ("programName eq “a” or programName eq \"b\"", "programName eq 'a' or programName eq 'b'"),
            ("programName eq \"O'Brien\"", "programName eq 'O''Brien'"),
            ("EarningForDate ge 2023-03-01", "earningForDate ge 2023-03-01"),
            ("EARNINGFORDATE>=2023-03-01", "earningForDate ge 2023-03-01"),
            ("?$filter=?$filter=paymentId eq '1'", "paymentId eq '1'"),
            ("$filter=$filter=paymentId eq '1'", "paymentId eq '1'"),
            ("  $filter= paymentId eq '1' ", "paymentId eq '1'"),
            ("%24filter=paymentId eq '1'", "paymentId eq '1'"),
            ("earningAmount > 5 && earningAmount<=10", "earningAmount gt 5 and earningAmount le 10"),
            ("earningAmount!=5||earningAmount <> 6", "earningAmount ne 5 or earningAmount ne 6"),
            ("paymentId EQ '1' AND paymentId Ne '2'", "paymentId eq '1' and paymentId ne '2'"),
            ("paymentId eq'1'", "paymentId eq '1'"),
            ("paymentId\u{A0}eq\n  '1'\r\n", "paymentId eq '1'"),
            ("earningForDate ge '2023-03-01'", "earningForDate ge 2023-03-01"),
            ("earningForDate ge “2023-03-01T00:00:00Z”", "earningForDate ge 2023-03-01T00:00:00Z"),
            ("earningAmount gt '5.50'", "earningAmount gt 5.50"),
            ("paymentId eq 000123", "paymentId eq '000123'"),
            ("paymentId ne 7", "paymentId ne '7'"),
            (
                "programName eq '=\u{2019}&&\"'  and  paymentid = '1'",
                "programName eq '=\u{2019}&&\"'  and  paymentId eq '1'"
            ),
        ]
    )
    func certainMistakesAreRewritten(text: String, expected: String) {
        let corrected = ODataFilter.correct(text, for: .transactionHistory)
        #expect(corrected.text == expected)
        #expect(corrected.isRewritten)
        #expect(corrected.parsed.diagnostics.isEmpty, "\(corrected.parsed.diagnostics)")
    }

    @Test(
        arguments: [
            ("programName eq ‘partner’s choice’", "straight"),
            ("programName eq ‘O’Brien’", "straight"),
            ("programName eq \"O''Brien\"", "single quotes"),
            ("paymentId = '1', '2'", "write and"),
            ("paymentId eq '1' | paymentId eq '2'", "write or"),
            ("earningAmount => 5", "write ge"),
            ("paymentId eq '1'&fileformat=csv", "parameter"),
            ("paymentId%20eq%20'1'", "percent-encoded"),
            ("$filter=", "empty"),
            ("payoutStatus = SENT", "single quotes"),
            ("earningForDate > 2023-03-01T00:00:00", "time zone"),
            ("earningForDate = 01/02/2023", "2023-03-01"),
        ]
    )
    func uncertainMistakesAreRefusedWithAHint(text: String, hint: String) {
        let corrected = ODataFilter.correct(text, for: .transactionHistory)
        #expect(corrected.text == text)
        #expect(!corrected.isRewritten)
        #expect(!corrected.parsed.isWellFormed)
        #expect(corrected.parsed.errors.contains { $0.message.contains(hint) }, "\(corrected.parsed.errors)")
    }

    @Test(arguments: [
        "paymentId eq '1'", "paymentDate ge 2023-03-01", "earningForDate ge 2023-03-01", "colour eq 'x'",
        "payoutOrderType eq 'Fee'",
    ])
    func filtersThatCanBeSentAreNotRewritten(text: String) {
        let corrected = ODataFilter.correct(text, for: .payments)
        #expect(corrected.text == text)
        #expect(!corrected.isRewritten)
        #expect(corrected.parsed.isWellFormed)
    }

    @Test(arguments: [
        "paymentId gt 9", "paymentId ge 9", "paymentId lt 10", "paymentId le 10", "paymentId eq 1e3",
        "paymentId eq 1.50", "paymentId eq -1", "paymentId ne +1",
    ])
    func numberIsNoTextWhereThatChangesTheMeaning(text: String) {
        let corrected = ODataFilter.correct(text, for: .payments)
        #expect(corrected.text == text)
        #expect(!corrected.isRewritten)
        #expect(corrected.parsed.diagnostics.map(\.code) == [.typeMismatch])
        #expect(corrected.parsed.diagnostics.allSatisfy { $0.message.contains("text in single quotes") })
    }

    @Test func theCaseOfFieldsIsKeptWithoutAKind() {
        #expect(ODataFilter.correct("PaymentID = '1'", for: nil).text == "PaymentID eq '1'")
    }

    @Test func anyNumberOfMistakesIsCorrected() {
        let text = (0..<400).map { "PaymentId='\($0)'" }.joined(separator: "||")
        let expected = (0..<400).map { "paymentId eq '\($0)'" }.joined(separator: " or ")
        #expect(ODataFilter.correct(text, for: .payments).text == expected)
    }

    @Test func correctionsAreReportedAtTheirPlaces() {
        let corrected = ODataFilter.correct("?$filter=PaymentId='1'", for: .payments)
        #expect(corrected.corrections.map(\.code) == [.queryPrefix, .unknownField, .symbolOperator])
        #expect(corrected.corrections.map(\.utf8Offset) == [0, 9, 18])
    }
}
