import WorkerTelemetry

/// The body of `/api/status` and of the events of `/api/events`: all data of the dashboard. Scripts read it, so members may be
/// added, and none may change its meaning.
struct StatusDocument: Codable, Sendable {
    struct Worker: Codable, Sendable {
        var id: String
        var group: String
        var version: String
        var startedAt: String
        var uptimeSeconds: Double
    }

    struct Health: Codable, Sendable {
        var status: HealthReport.Status
        var reasons: [HealthReason]
    }

    struct Engine: Codable, Sendable {
        /// Whether it answered the last question. If not, its data is old.
        var isAnswering: Bool
        /// Seconds since its newest answer; `nil` before the first.
        var answeredSecondsAgo: Double?
    }

    struct Partition: Codable, Sendable {
        var partition: Int32
        var epoch: UInt32
        var lifecycle: String
        var lifecycleSeconds: Double
        var position: Int64
        /// Undecided records of the jobs topic; absent while the number is unknown.
        var lag: Int64?
        /// The progress of its restore, from 0 to 1; absent while none runs.
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
        /// API calls per second that this worker may make.
        var requestsPerSecond: Double
        /// API calls started since the start.
        var calls: Int
        /// The share of recent calls that the service refused because multi-factor authentication is required; absent
        /// where it refused none or all.
        var refusedShare: Double?
        /// Seconds since the last use of the refresh token; absent for flows without one. It expires after 90 days.
        var refreshTokenAgeSeconds: Double?
        /// Seconds since a person signed in; absent where that is unknown.
        var signInAgeSeconds: Double?
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
        /// The age of the commit in progress, in seconds.
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
            /// Null where the service has not reported it.
            var expectedBytes: Int64?
            /// Whether it waits for its turn.
            var isWaiting: Bool
            var seconds: Double
        }

        var location: String
        var storedFiles: Int
        var storedBytes: Int64
        /// The oldest transfers in flight.
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
    /// What operators have paused.
    var pauses: [PauseDocument]
    var callsInFlight: Int
    var downloadsInFlight: Int
    var commits: Commits
    var totals: RecentActivity.Totals
    var process: Process
    var recent: [RecentIncident]
    /// Open jobs by account, kind and phase; at most a few seconds old.
    var openJobs: [JobGroup]
    /// The jobs that have been open for the longest time.
    var oldest: [OpenJob]
    /// Jobs that have used four fifths of the time until their deadline.
    var lateJobs: Int
    /// Null where the worker passes the service's own URLs through.
    var files: Files?
    /// Only in `/api/status`.
    var history: History?
    /// Addresses of Grafana's panels by what they show; only in `/api/status`, where a Grafana is configured.
    var panels: [String: String]?
}
