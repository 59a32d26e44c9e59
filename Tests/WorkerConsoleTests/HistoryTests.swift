import Foundation
import Testing
import WorkerSamples
import WorkerTelemetry

@testable import WorkerConsole

@Suite("The history of a worker")
struct HistoryTests {
    /// A history of so many seconds, with one completed job and ten calls a second.
    private func history(seconds: Int) -> History {
        var history = History()
        for second in stride(from: 0, through: seconds, by: 2) {
            var totals = RecentActivity(texts: CodeTexts()).figures.totals
            totals.completed = second
            history.add(
                at: Date(timeIntervalSince1970: Double(second)),
                jobs: ["waiting": second],
                totals: totals,
                calls: second * 10
            )
        }
        return history
    }

    @Test func twoHoursAreKeptInFixedSize() throws {
        let history = history(seconds: 50_000)
        #expect(history.at.count <= History.fine + History.coarse)
        let columns = [history.completed, history.otherEnds, history.calls, try #require(history.jobs["waiting"])]
        #expect(columns.allSatisfy { $0.count == history.at.count })
        let (first, last) = (try #require(history.at.first), try #require(history.at.last))
        #expect(last - first >= 7_000_000)
        #expect(history.at == history.at.sorted())
        // The rows belong together.
        #expect(zip(history.at, history.completed).allSatisfy { $0 == Int64($1) * 1_000 })
    }

    @Test func newestTenMinutesAreFine() {
        let at = history(seconds: 50_000).at
        let fine = at.suffix(History.fine)
        #expect(zip(fine, fine.dropFirst()).allSatisfy { $1 - $0 == 2_000 })
        let coarse = at.prefix(History.coarse)
        #expect(zip(coarse, coarse.dropFirst()).allSatisfy { $1 - $0 >= History.coarseMilliseconds })
    }

    @Test func ratesAreThoseOfTheLastMinute() {
        let rates = history(seconds: 1_000).rates
        #expect(rates == MemberDocument.Rates(finishedPerMinute: 60, callsPerSecond: 10))
        #expect(History().rates == MemberDocument.Rates())
        #expect(history(seconds: 0).rates == MemberDocument.Rates())
    }
}
