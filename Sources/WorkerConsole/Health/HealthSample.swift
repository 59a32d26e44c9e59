import ExportCore
import Foundation
import WorkerRuntime
import WorkerTelemetry

/// The input of one health check.
struct HealthSample: Sendable {
    /// The engine's status; `nil` when it did not answer.
    var status: WorkerStatus?
    var heartbeats: [HeartbeatReading] = []
    /// Whether the consumer is in the group; `nil` when that is unknown.
    var isGroupMember: Bool?
    var connectionProblem: LogProblem?
    /// Why commits cannot be made, when they cannot.
    var producerProblem: LogProblem?
    /// Why the state of partitions cannot be read, where it was tried more than once.
    var failingRestores: [Int32: LogProblem] = [:]
    /// Why the delivery of partitions' jobs cannot begin, where it was tried for several seconds.
    var failingBegins: [Int32: LogProblem] = [:]
    /// Why leaders of partitions whose jobs are delivered have not answered for a while.
    var silentLeaders: [Int32: LogProblem] = [:]
    /// Whether these are the leaders of all partitions that this worker has begun.
    var areAllLeadersSilent = false
    /// Commits stored since the start.
    var commits = 0
    /// Why the last commit failed.
    var commitFailure: String?
    /// Calls started and answered since the start.
    var calls = 0
    /// Accounts with calls that the service throttles.
    var throttledAccounts: Set<String> = []
    /// Consecutive failed API calls, by account.
    var failingCalls: [String: CallActivity.Failing] = [:]
    /// Consecutive failed downloads.
    var failingDownloads: CallActivity.Failing?
    /// Until when calls are held back, as last reported.
    var throttles: [CallActivity.Key: Instant] = [:]
    /// What the service asked for last, where it was longer than the worker waits.
    var retryAfterCut: [CallActivity.Key: Duration] = [:]
    /// Problems that are found outside the engine.
    var reported = ReportedProblems.Figures()
    /// The newest snapshot of the open jobs.
    var jobSnapshot: JobSnapshot?
    /// The time on the clock of call failures.
    var uptime: ContinuousClock.Instant = .now
    /// The wall clock, as in the core's timestamps.
    var wallClock: Instant
}

extension HealthSample {
    /// Creates a sample of the engine's status and the recorded activity.
    ///
    /// - Parameter date: the time of the status, on the wall clock.
    init(
        status: WorkerStatus?,
        activity: RecentActivity.Figures,
        calls: CallActivity.Figures,
        at date: Date
    ) {
        self.init(status: status, wallClock: date.instant)
        connectionProblem = activity.connectionProblem
        producerProblem = activity.producerProblem
        failingRestores = activity.failingRestores
        failingBegins = activity.failingBegins
        silentLeaders = activity.silentLeaders
        areAllLeadersSilent = activity.areAllLeadersSilent
        commits = activity.totals.commits
        commitFailure = activity.lastCommitFailure
        self.calls = calls.started + calls.answered
        throttledAccounts = Set(activity.throttledUntil.filter { $0.value > date }.keys.map(\.account))
        failingCalls = calls.failingCalls
        failingDownloads = calls.failingDownloads
        throttles = activity.throttledUntil.mapValues(\.instant)
        retryAfterCut = activity.retryAfterCut
    }
}
