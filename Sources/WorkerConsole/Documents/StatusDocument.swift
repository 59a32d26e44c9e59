import Foundation

/// What `/api/status` and `/api/events` tell: everything that the dashboard shows. Only additions, never another
/// meaning: scripts read it.
struct StatusDocument: Codable, Sendable {
    struct Worker: Codable, Sendable {
        var id: String
        var group: String
        var version: String
        var startedAt: String
        var uptimeSeconds: Double
    }

    struct Health: Codable, Sendable {
        var status: HealthVerdict.Standing
        var reasons: [HealthReason]
    }

    struct Engine: Codable, Sendable {
        /// Whether it answered just now. If not, what is shown of it is old.
        var isAnswering: Bool
        /// Seconds since its newest answer; `nil` when it never gave one.
        var answeredSecondsAgo: Double?
    }

    struct Partition: Codable, Sendable {
        var partition: Int32
        var epoch: UInt32
        var lifecycle: String
        var lifecycleSeconds: Double
        var position: Int64
        /// Records of the jobs topic that are not decided yet; absent while that is not known.
        var lag: Int64?
        /// How far the reading of its state is, from 0 to 1; absent when none goes on.
        var restored: Double?
        var jobs: [String: Int]
        var nextTimerAt: String?
        var waitsFor: String
    }

    struct Account: Codable, Sendable {
        struct Problem: Codable, Sendable {
            var kind: String
            var message: String
            var remedy: String
        }

        var name: String
        var problem: Problem?
        var waiting: [String: Int]
        var inFlight: [String: Int]
        /// API calls a second that this worker may make.
        var requestsPerSecond: Double
        /// API calls started since the start.
        var calls: Int
    }

    /// Open jobs of one account, kind and phase.
    struct JobGroup: Codable, Sendable {
        var account: String
        var kind: String
        var phase: String
        var jobs: Int
    }

    struct OpenJob: Codable, Sendable {
        var jobId: String
        var partition: Int32
        var account: String
        var kind: String
        var phase: String
        var attempt: Int
        var requestId: String?
        var acceptedAt: String?
        var deadline: String?
        var ageSeconds: Double
        var waitsFor: String
    }

    struct Pause: Codable, Sendable {
        var reason: String
        var explanation: String
    }

    struct Commits: Codable, Sendable {
        var isCommitting: Bool
        /// Seconds that a commit has been waited for.
        var underWaySeconds: Double?
        var failuresInRow: Int
        var recordsGathering: Int
        var lastAt: String?
        var lastSeconds: Double?
        var lastRecords: Int?
    }

    struct Process: Codable, Sendable {
        var residentBytes: Int?
        var openFiles: Int?
        var cpuSeconds: Double?
    }

    struct Files: Codable, Sendable {
        struct Transfer: Codable, Sendable {
            var job: String
            var account: String
            var receivedBytes: Int64
            /// Null where the service has not said.
            var expectedBytes: Int64?
            /// Whether it waits for its turn.
            var isWaiting: Bool
            var seconds: Double
        }

        var location: String
        var storedFiles: Int
        var storedBytes: Int64
        /// The oldest of those under way.
        var transfers: [Transfer]
    }

    struct RecentIncident: Codable, Sendable {
        var severity: Incident.Severity
        var title: String
        var subject: String
        var text: String
        var remedy: String?
        var job: String?
        var partition: Int32?
        var count: Int
        var firstAt: String
        var lastAt: String
    }

    var at: String
    var worker: Worker
    var health: Health
    var engine: Engine
    var partitionCount: Int
    var partitions: [Partition]
    /// Jobs by phase, of all partitions.
    var jobs: [String: Int]
    var accounts: [Account]
    var intakePauses: [Pause]
    var callsInFlight: Int
    var downloadsInFlight: Int
    var commits: Commits
    var totals: RecentActivity.Totals
    var process: Process
    var recent: [RecentIncident]
    /// Open jobs by account, kind and phase; some seconds old at the most.
    var openJobs: [JobGroup]
    /// The jobs that have been open for the longest time.
    var oldest: [OpenJob]
    /// Jobs of whose time until the deadline four fifths are over.
    var lateJobs: Int
    /// Null where the service's own URLs are handed on.
    var files: Files?
    /// Only in `/api/status`.
    var history: History?
}

/// The last minutes, as columns of the same length.
struct History: Codable, Sendable {
    static let capacity = 300
    static let interval: Duration = .seconds(2)

    /// Milliseconds since the Unix epoch.
    var at: [Int64] = []
    /// Jobs by phase.
    var jobs: [String: [Int]] = [:]
    /// Totals since the start.
    var completed: [Int] = []
    var otherEnds: [Int] = []
    var calls: [Int] = []

    mutating func add(at moment: Date, jobs counts: [String: Int], totals: RecentActivity.Totals, calls total: Int) {
        at.append(Int64(moment.timeIntervalSince1970 * 1_000))
        for (phase, count) in counts { jobs[phase, default: []].append(count) }
        completed.append(totals.completed)
        otherEnds.append(totals.events - totals.completed)
        calls.append(total)
        guard at.count > Self.capacity else { return }
        at.removeFirst()
        for phase in jobs.keys { jobs[phase]?.removeFirst() }
        completed.removeFirst()
        otherEnds.removeFirst()
        calls.removeFirst()
    }
}
