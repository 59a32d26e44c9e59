import PayoutFilters
import Testing

@Suite struct FilterLintTests {
    static let transactionHistory: [String: FilterFieldType] = [
        "enrollmentParticipantId": .stringOrNumber, "paymentId": .string, "earningForDate": .dateTime,
        "programName": .string, "leverCode": .string, "engagementName": .string, "payableSubType": .string,
        "payoutStatus": .string, "transactionAmount": .number, "earningAmount": .number,
    ]
    static let payments: [String: FilterFieldType] = [
        "enrollmentParticipantId": .stringOrNumber, "paymentId": .string, "programName": .string,
        "payoutStatusUpdateTS": .dateTime, "payoutOrderType": .string, "paymentAmount": .number,
    ]

    static func table(of kind: PayoutKind) -> [String: FilterFieldType] {
        kind == .payments ? self.payments : self.transactionHistory
    }

    @Test(arguments: PayoutKind.allCases)
    func fieldsAreTheDocumentedOnes(kind: PayoutKind) {
        let fields = Dictionary(uniqueKeysWithValues: kind.fields.map { ($0.name, $0.type) })
        #expect(fields == Self.table(of: kind))
    }

    @Test(arguments: PayoutKind.allCases)
    func valuesOfAnotherTypeAreReported(kind: PayoutKind) {
        let literals: [(String, Set<FilterFieldType>)] = [
            ("12", [.number, .stringOrNumber]), ("2023-03-01", [.dateTime]),
            ("2023-03-01T00:00:00Z", [.dateTime]), ("true", []),
        ]
        for field in kind.fields {
            for (literal, types) in literals {
                let diagnostics = ODataFilter.lint("\(field.name) ge \(literal)", for: kind)
                #expect(diagnostics.map(\.code) == (types.contains(field.type) ? [] : [.typeMismatch]))
                #expect(
                    diagnostics.allSatisfy { $0.severity == .warning && $0.utf8Offset == field.name.utf8.count + 4 }
                )
            }
            #expect(ODataFilter.lint("\(field.name) eq null", for: kind).isEmpty)
        }
    }

    @Test func textForDatesAndNumbersIsAWarning() {
        #expect(ODataFilter.lint("payoutStatusUpdateTS ge '2023-03-01'", for: .payments).map(\.code) == [.typeMismatch])
        #expect(ODataFilter.lint("paymentAmount ge '5'", for: .payments).map(\.code) == [.typeMismatch])
        #expect(ODataFilter.parse("paymentAmount ge '5'", for: .payments).isWellFormed)
    }

    @Test(arguments: ["enrollmentParticipantId eq '123'", "enrollmentParticipantId eq 123"])
    func participantsAreTextOrNumber(text: String) {
        for kind in PayoutKind.allCases { #expect(ODataFilter.lint(text, for: kind).isEmpty) }
    }

    @Test func unknownFieldsAreAWarningWithASuggestion() throws {
        let cases: [(String, PayoutKind, String)] = [
            ("payoutOrderType", .transactionHistory, "belongs to payments"),
            ("paymentDate", .payments, "write payoutStatusUpdateTS"),
            ("earningForDate", .payments, "belongs to transactionHistory"),
            ("PaymentId", .payments, "write paymentId"),
            ("paymentIdd", .payments, "is paymentId meant"),
            ("colour", .payments, "it has enrollmentParticipantId"),
        ]
        for (field, kind, mention) in cases {
            let parsed = ODataFilter.parse("paymentId eq '1' and \(field) eq '2'", for: kind)
            #expect(parsed.isWellFormed)
            let diagnostic = try #require(parsed.diagnostics.first)
            #expect(parsed.diagnostics.count == 1)
            #expect(diagnostic.code == .unknownField)
            #expect(diagnostic.severity == .warning)
            #expect(diagnostic.utf8Offset == 21)
            #expect(diagnostic.message.contains(mention), "\(diagnostic)")
        }
    }

    @Test func undocumentedValuesAreAWarning() {
        #expect(ODataFilter.lint("payoutStatus eq 'Sent'", for: .transactionHistory).map(\.code) == [.unknownValue])
        #expect(ODataFilter.lint("payoutStatus eq 'IN PROGRESS'", for: .transactionHistory).isEmpty)
        #expect(ODataFilter.lint("payoutOrderType ne 'FREE'", for: .payments).map(\.code) == [.unknownValue])
    }
}
