import Foundation
import PayoutAPI
import PayoutFilters
import Testing

@Suite struct FilterDateTests {
    @Test func datesAreInUTC() {
        #expect(FilterDate(Date(timeIntervalSince1970: 1_700_000_000.0005))?.text == "2023-11-14T22:13:20Z")
        #expect(FilterDate(Date(timeIntervalSince1970: -0.5))?.text == "1969-12-31T23:59:59.500Z")
        #expect(FilterDate(dayOf: Date(timeIntervalSince1970: 1_700_000_000))?.text == "2023-11-14")
        for date in [
            Date.distantFuture.addingTimeInterval(1e15), Date(timeIntervalSince1970: .infinity),
            Date(timeIntervalSince1970: .nan),
        ] {
            #expect(FilterDate(date) == nil)
            #expect(FilterDate(dayOf: date) == nil)
        }
    }
}
