import ExportCore
import Foundation
import WorkerRuntime
import WorkerTelemetry

/// The state of the worker at one time.
struct Snapshot: Sendable {
    var at: Date
    /// The engine's status; `nil` when it did not answer in time.
    var status: WorkerStatus?
    var watch: HealthWatch
    var health: HealthReport
    var heartbeats: [HeartbeatReading]
    var activity: RecentActivity.Figures
    var calls: CallActivity.Figures
    var process: ProcessFigures
    /// The newest snapshot of the open jobs, which may be some seconds old.
    var jobSnapshot: JobSnapshot?
    var problems = ReportedProblems.Figures()

    var wallClock: Instant { at.instant }
    /// The file store and the transfers into it; `nil` where there is no store.
    var files: FileStatus?
}
