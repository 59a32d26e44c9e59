import PayoutFilters
import Testing

@Suite struct FilterBuilderTests {
    let day = FilterDate(year: 2023, month: 3, day: 1)

    @Test func builtFiltersHaveTheExpectedText() throws {
        let day = try #require(self.day)
        let filter = Payments.payoutStatusUpdateTS.ge(day)
            .and(Payments.payoutOrderType.eq("FEE").or(Payments.paymentAmount.gt(100)))
            .and(Payments.enrollmentParticipantId.ne("123"))
        #expect(
            filter.text == "payoutStatusUpdateTS ge 2023-03-01 and (payoutOrderType eq 'FEE' or paymentAmount gt 100) "
                + "and enrollmentParticipantId ne '123'"
        )
        #expect(ODataFilter.lint(filter.text, for: .payments).isEmpty)
        #expect(ODataFilter.parse(filter.text).expression == filter.expression)
    }

    @Test func builderHasEveryOperator() throws {
        let field = Payments.paymentAmount
        let filters = [field.eq(1), field.ne(1), field.gt(1), field.ge(1), field.lt(1), field.le(1)]
        #expect(filters.map { $0.text.split(separator: " ")[1] } == ["eq", "ne", "gt", "ge", "lt", "le"])
        let all = try #require(PayoutFilter.all(filters))
        #expect(all.expression.comparisons.count == 6)
        #expect(PayoutFilter<Payments>.any([]) == nil)
    }

    @Test func builderHasEveryField() throws {
        let day = try #require(self.day)
        let history: [PayoutFilter<TransactionHistory>] = [
            TransactionHistory.enrollmentParticipantId.eq(5), TransactionHistory.paymentId.eq(""),
            TransactionHistory.earningForDate.eq(day), TransactionHistory.programName.eq(""),
            TransactionHistory.leverCode.eq(""), TransactionHistory.engagementName.eq(""),
            TransactionHistory.payableSubType.eq("FEE"), TransactionHistory.payoutStatus.eq("SENT"),
            TransactionHistory.transactionAmount.eq(1), TransactionHistory.earningAmount.eq(1),
        ]
        let payments: [PayoutFilter<Payments>] = [
            Payments.enrollmentParticipantId.eq(5), Payments.paymentId.eq(""), Payments.programName.eq(""),
            Payments.payoutStatusUpdateTS.eq(day), Payments.payoutOrderType.eq("FEE"), Payments.paymentAmount.eq(1),
        ]
        #expect(history.map { $0.expression.comparisons[0].field } == PayoutKind.transactionHistory.fields.map(\.name))
        #expect(payments.map { $0.expression.comparisons[0].field } == PayoutKind.payments.fields.map(\.name))
        for filter in history { #expect(ODataFilter.lint(filter.text, for: .transactionHistory).isEmpty) }
        for filter in payments { #expect(ODataFilter.lint(filter.text, for: .payments).isEmpty) }
    }

    @Test func datesAreCheckedByTheCalendar() {
        #expect(FilterDate(year: 2023, month: 2, day: 29) == nil)
        #expect(FilterDate(year: 2024, month: 2, day: 29)?.text == "2024-02-29")
        #expect(FilterDate(year: 1900, month: 2, day: 29) == nil)
        #expect(FilterDate(year: 0, month: 1, day: 1) == nil)
        #expect(FilterDate(year: 2023, month: 1, day: 1, hour: 24, minute: 0) == nil)
        #expect(
            FilterDate(year: 5, month: 1, day: 2, hour: 3, minute: 4, second: 5, millisecond: 60)?.text
                == "0005-01-02T03:04:05.060Z"
        )
        #expect(FilterDate("2019-01-27T23:16:31.009Z") != nil)
        #expect(FilterDate("27.01.2019") == nil)
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (951_826_154_500, "2000-02-29T12:09:14.500Z"),
            (-1, "1969-12-31T23:59:59.999Z"), (1_700_000_000_000, "2023-11-14T22:13:20Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"), (-62_135_596_800_000, "0001-01-01T00:00:00Z"),
        ] as [(Int64, String)]
    )
    func timesAreComputedFrom1970(milliseconds: Int64, text: String) {
        #expect(FilterDate(millisecondsSince1970: milliseconds)?.text == text)
    }

    @Test func timesOutsideTheCalendarAreNil() {
        #expect(FilterDate(millisecondsSince1970: .max) == nil)
        #expect(FilterDate(millisecondsSince1970: .min) == nil)
        #expect(FilterDate(millisecondsSince1970: -62_135_596_800_001) == nil)
        #expect(FilterDate(millisecondsSince1970: 253_402_300_800_000) == nil)
    }

    @Test func onlyNumbersInODataFormAreAccepted() throws {
        for value in [0.1, -5, 1e300, 1e-300, 123_456_789.25] {
            let number = try #require(FilterNumber(value))
            #expect(ODataFilter.parse("paymentAmount eq \(number.text)").isWellFormed)
            #expect(Double(number.text) == value)
        }
        #expect(FilterNumber(Double.infinity) == nil)
        #expect(FilterNumber(Double.nan) == nil)
        #expect(FilterNumber("12.50")?.text == "12.50")
        #expect(FilterNumber("1 or 1 eq 1") == nil)
        #expect(FilterNumber(Int.min).text == "-9223372036854775808")
    }
}
