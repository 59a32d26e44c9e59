import PayoutFilters
import Testing

@Suite struct FilterPeriodTests {
    private func period(_ from: String?, _ to: String?) -> FilterPeriod? {
        FilterPeriod(from: from.flatMap { FilterDate($0) }, to: to.flatMap { FilterDate($0) })
    }

    private func texts(_ periods: [FilterPeriod]?) -> [String]? {
        periods?.map { "\($0.from?.text ?? "")/\($0.to?.text ?? "")" }
    }

    @Test(
        arguments: [
            ("2026-10", "from 2026-10-01 to 2026-11-01"), ("2026-12", "from 2026-12-01 to 2027-01-01"),
            ("2024-02", "from 2024-02-01 to 2024-03-01"),
        ]
    )
    func monthsEndBeforeTheNextOne(month: String, text: String) {
        #expect(FilterPeriod(month: month)?.description == text)
    }

    @Test(arguments: ["2026-13", "2026-00", "2026", "2026-1", "26-10", "2026-10-01", "9999-12", "", "October"])
    func textsThatAreNoMonthAreNil(text: String) {
        #expect(FilterPeriod(month: text) == nil)
    }

    @Test func endsAreOrderedDays() {
        #expect(period("2026-10-01", "2026-10-01") == nil)
        #expect(period("2026-10-02", "2026-10-01") == nil)
        #expect(period("2026-10-01T00:00:00Z", "2026-10-02") == nil)
        #expect(period(nil, nil) == nil)
        #expect(period("2026-10-01", nil)?.description == "from 2026-10-01")
        #expect(period(nil, "2026-10-01")?.description == "to 2026-10-01")
    }

    @Test func lastDaysEndBeforeTheGivenDay() throws {
        let today = try #require(FilterDate("2026-03-01"))
        #expect(FilterPeriod(last: 30, before: today)?.description == "from 2026-01-30 to 2026-03-01")
        #expect(FilterPeriod(last: 0, before: today) == nil)
        #expect(FilterPeriod(last: .max, before: today) == nil)
    }

    @Test func filtersNameTheDocumentedDateOfTheKind() throws {
        let october = try #require(FilterPeriod(year: 2026, month: 10))
        #expect(
            Payments.during(october).text == "payoutStatusUpdateTS ge 2026-10-01 and payoutStatusUpdateTS lt 2026-11-01"
        )
        #expect(
            TransactionHistory.during(october).and(TransactionHistory.programName.eq("x")).text
                == "earningForDate ge 2026-10-01 and earningForDate lt 2026-11-01 and programName eq 'x'"
        )
        for kind in PayoutKind.allCases { #expect(kind.field(named: kind.dateFieldName)?.type == .dateTime) }
        #expect(Payments.during(try #require(period("2026-10-01", nil))).text == "payoutStatusUpdateTS ge 2026-10-01")
    }

    @Test func partsFollowTheCalendarAndKeepTheEnds() throws {
        let weeks = try #require(period("2026-10-01", "2026-11-04"))
        #expect(texts(weeks.split(by: .month)) == ["2026-10-01/2026-11-01", "2026-11-01/2026-11-04"])
        #expect(
            texts(weeks.split(by: .week)) == [
                "2026-10-01/2026-10-05", "2026-10-05/2026-10-12", "2026-10-12/2026-10-19", "2026-10-19/2026-10-26",
                "2026-10-26/2026-11-02", "2026-11-02/2026-11-04",
            ]
        )
        #expect(period("2026-10-01", nil)?.split(by: .day) == nil)
        #expect(period(nil, "2026-10-01")?.count(by: .day) == nil)
    }

    @Test(arguments: FilterPeriod.Unit.allCases)
    func partsHaveNoGapsAndNoOverlaps(unit: FilterPeriod.Unit) throws {
        let whole = try #require(period("1899-12-29", "2103-03-02"))
        let parts = try #require(whole.split(by: unit))
        #expect(parts.count == whole.count(by: unit))
        #expect(parts.first?.from == whole.from)
        #expect(parts.last?.to == whole.to)
        #expect(zip(parts, parts.dropFirst()).allSatisfy { $0.to == $1.from })
    }

    @Test func tenYearsByDayAreCounted() {
        #expect(period("2016-01-01", "2026-01-01")?.count(by: .day) == 3653)
    }

    @Test func boundsAreReadFromTheWholeFilterOnly() throws {
        let bounds = { (text: String) in
            let bounds = ODataFilter.parse(text).expression?.bounds(of: "earningForDate")
            return [bounds?.from, bounds?.to].map { $0?.description }
        }
        #expect(
            bounds("earningForDate ge 2026-10-01 and earningForDate lt 2026-11-01") == ["2026-10-01", "2026-11-01"]
        )
        #expect(bounds("paymentId eq '1' and earningForDate le 2026-11-01") == [nil, "2026-11-01"])
        #expect(bounds("earningForDate eq 2026-11-01") == ["2026-11-01", "2026-11-01"])
        #expect(bounds("earningForDate ge 2026-10-01 or earningForDate lt 2026-11-01") == [nil, nil])
        #expect(bounds("earningForDate ne 2026-11-01 and paymentId ge '2'") == [nil, nil])
    }
}
