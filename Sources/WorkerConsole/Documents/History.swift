import Foundation
import WorkerTelemetry

/// Data of the last two hours, as columns of equal length: the newest ten minutes in steps of two seconds, the time before in
/// steps of half a minute. Its size is fixed.
struct History: Codable, Sendable {
    /// Steps of ``interval``.
    static let fine = 300
    static let interval: Duration = .seconds(2)
    /// Steps of ``coarseMilliseconds``.
    static let coarse = 220
    static let coarseMilliseconds: Int64 = 30_000

    /// Milliseconds since the Unix epoch.
    private(set) var at: [Int64] = []
    /// Jobs by phase.
    private(set) var jobs: [String: [Int]] = [:]
    /// Totals since the start.
    private(set) var completed: [Int] = []
    private(set) var otherEnds: [Int] = []
    private(set) var calls: [Int] = []
    /// How many of the first rows are coarse steps.
    private var coarseCount = 0

    /// Creates an empty history.
    init() {}

    private enum CodingKeys: CodingKey { case at, jobs, completed, otherEnds, calls }

    /// Adds a row, and makes the oldest fine one coarse, or removes it.
    mutating func add(at time: Date, jobs counts: [String: Int], totals: RecentActivity.Totals, calls total: Int) {
        at.append(Int64(time.timeIntervalSince1970 * 1_000))
        for (phase, count) in counts { jobs[phase, default: []].append(count) }
        completed.append(totals.completed)
        otherEnds.append(totals.events - totals.completed)
        calls.append(total)
        guard at.count - coarseCount > Self.fine else { return }
        if coarseCount > 0, at[coarseCount] - at[coarseCount - 1] < Self.coarseMilliseconds {
            remove(coarseCount)
        } else if coarseCount == Self.coarse {
            remove(0)
        } else {
            coarseCount += 1
        }
    }

    /// What happened in a unit of time, over the last minute.
    var rates: MemberDocument.Rates {
        guard let last = at.last, let first = at.firstIndex(where: { $0 >= last - 60_000 }), at[first] < last else {
            return MemberDocument.Rates()
        }
        let seconds = Double(last - at[first]) / 1_000
        func growth(_ column: [Int]) -> Double { Double(max(0, column[column.count - 1] - column[first])) / seconds }
        return MemberDocument.Rates(
            finishedPerMinute: (growth(completed) + growth(otherEnds)) * 60,
            callsPerSecond: growth(calls)
        )
    }

    private mutating func remove(_ row: Int) {
        at.remove(at: row)
        for phase in jobs.keys { jobs[phase]?.remove(at: row) }
        completed.remove(at: row)
        otherEnds.remove(at: row)
        calls.remove(at: row)
    }
}
