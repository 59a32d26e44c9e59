import PayoutFilters
import Testing

/// The table of pasted filters in the guide to a first export.
@Suite struct PastedFiltersTests {
    @Test func pastedFiltersAreRewrittenAsTheGuideShows() throws {
        let page = try GeneratedRegion.text(of: "Sources/payout-worker/payout-worker.docc/Guides/FirstExport.md")
        let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex(of: "| pasted | sent |"))
        let rows = lines[(start + 2)...].prefix { $0.hasPrefix("|") }
        #expect(rows.count >= 6)
        for row in rows {
            let cells = row.split(separator: "`", omittingEmptySubsequences: false).map(String.init)
            try #require(cells.count == 5, "\(row)")
            #expect(ODataFilter.correct(cells[1], for: .transactionHistory).text == cells[3])
        }
    }
}
