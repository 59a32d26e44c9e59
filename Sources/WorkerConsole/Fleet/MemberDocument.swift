import ExportCore
import WorkerTelemetry

/// One worker's part of `/api/fleet`: the body of `/api/fleet?scope=worker`.
struct MemberDocument: Codable, Sendable {
    /// What happens in a unit of time, measured over the last minute.
    struct Rates: Codable, Sendable, Equatable {
        var finishedPerMinute = 0.0
        var callsPerSecond = 0.0
    }

    struct Partition: Codable, Sendable {
        var partition: Int32
        var lifecycle: String
        var lag: Int64?
    }

    var group: String
    var worker: StatusDocument.Worker
    var health: StatusDocument.Health
    /// Whether the engine answered the last question. If not, its data is old.
    var isAnswering: Bool
    /// Partitions of the jobs topic, those of other workers included.
    var partitionCount: Int
    var partitions: [Partition]
    /// Jobs by phase.
    var jobs: [String: Int]
    var lateJobs: Int
    var rates: Rates
    /// Since the worker's start.
    var totals: RecentActivity.Totals
    var accounts: [StatusDocument.Account]
    /// Absent in answers of earlier versions.
    var pauses: [PauseDocument]?

    init(_ status: StatusDocument, rates: Rates) {
        group = status.worker.group
        worker = status.worker
        health = status.health
        isAnswering = status.engine.isAnswering
        partitionCount = status.partitionCount
        partitions = status.partitions.map {
            Partition(partition: $0.partition, lifecycle: $0.lifecycle, lag: $0.lag)
        }
        jobs = status.jobs
        lateJobs = status.lateJobs
        self.rates = rates
        totals = status.totals
        accounts = status.accounts
        pauses = status.pauses
    }
}

// What a member reports is added up with what the others report, so no number may be too large for that.
extension MemberDocument {
    /// More than a worker can count.
    private static let counts = 0...(1 << 40)
    /// More than a topic has in practice.
    private static let partitionNumbers = 0...100_000
    private static let amounts = 0...1e12

    var isPlausible: Bool {
        let known = partitions.map { Int($0.partition) } + [partitionCount]
        let numbers = [lateJobs, totals.completed, totals.failed, totals.rejected, totals.deadLetters]
        let lags = partitions.compactMap(\.lag).map { Int($0) }
        let waiting = accounts.flatMap(\.waiting.values)
        let rates = [rates.finishedPerMinute, rates.callsPerSecond] + accounts.map(\.requestsPerSecond)
        return partitions.count <= Self.partitionNumbers.upperBound
            && known.allSatisfy(Self.partitionNumbers.contains)
            && (numbers + lags + waiting + jobs.values).allSatisfy(Self.counts.contains)
            && rates.allSatisfy(Self.amounts.contains)
    }
}
