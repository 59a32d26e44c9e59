import ExportCore
import Foundation
import Logging
import Primitives
import WorkerRuntime
import WorkerTelemetry

/// Polls the worker once a second, also without requests, and keeps the data of the last minutes.
///
/// Requests at about the same time share one poll, so the engine answers one or two questions per second, however many
/// pages are open.
actor ConsoleMonitor {
    private let source: any ConsoleSource
    private let telemetry: Telemetry
    private let loops: [HealthSource]
    private let isGroupMember: (@Sendable () -> Bool)?
    private let files: FileActivity?
    private let configuration: ConsoleConfiguration
    private let start = ContinuousClock.now
    private let startedAt = Date()

    private var watch: HealthWatch
    private var log: HealthLog
    private var latest: (snapshot: Snapshot, at: ContinuousClock.Instant)?
    private var polling: Task<Snapshot, Never>?
    private var history = History()
    private var lastHistory: ContinuousClock.Instant?
    private var isQuestionOpen = false
    private var encoded: (at: Date, bytes: [UInt8])?
    private var jobSnapshot: JobSnapshot?

    private static let oldestJobs = 10
    /// Snapshots of the jobs may take at most half a percent of the engine's time.
    private static let jobSnapshotPause = 200
    private static let jobSnapshotInterval: Duration = .seconds(1)

    private static let freshness: Duration = .milliseconds(400)

    init(
        _ configuration: ConsoleConfiguration,
        source: any ConsoleSource,
        telemetry: Telemetry,
        loops: [HealthSource],
        isGroupMember: (@Sendable () -> Bool)?,
        files: FileActivity? = nil,
        logger: Logger? = nil
    ) {
        log = HealthLog(logger)
        self.configuration = configuration
        self.source = source
        self.telemetry = telemetry
        self.loops = loops
        self.isGroupMember = isGroupMember
        self.files = files
        watch = HealthWatch(configuration.thresholds, texts: telemetry.texts)
    }

    /// Polls until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.keepJobsFresh() }
            repeat { _ = await snapshot() } while await slept(for: configuration.interval)
            group.cancelAll()
        }
    }

    /// The worker's state, at most ``freshness`` old.
    func snapshot() async -> Snapshot {
        if let latest, ContinuousClock.now - latest.at < Self.freshness { return latest.snapshot }
        if let polling { return await polling.value }
        let task = Task { await poll() }
        polling = task
        let snapshot = await task.value
        polling = nil
        return snapshot
    }

    /// The whole status, with its history.
    func document() async -> StatusDocument {
        var document = StatusDocument(await snapshot(), worker: worker, history: history)
        document.panels = GrafanaPanel.links(configuration.grafana)
        return document
    }

    /// The status without its history as JSON, encoded once for all streams.
    func liveJSON() async -> [UInt8] {
        let snapshot = await snapshot()
        if let encoded, encoded.at == snapshot.at { return encoded.bytes }
        let bytes = JSON.encode(StatusDocument(snapshot, worker: worker))
        encoded = (snapshot.at, bytes)
        return bytes
    }

    /// This worker's part of the fleet's document.
    func memberDocument() async -> MemberDocument {
        MemberDocument(StatusDocument(await snapshot(), worker: worker), rates: history.rates)
    }

    nonisolated var heartbeats: [HeartbeatReading] { loops.map(\.reading) }

    var worker: StatusDocument.Worker {
        StatusDocument.Worker(
            id: configuration.workerID,
            group: configuration.groupID,
            version: telemetry.build.version,
            startedAt: startedAt.rfc3339,
            uptimeSeconds: (ContinuousClock.now - start).inSeconds
        )
    }

    // MARK: Polling

    private func poll() async -> Snapshot {
        let status = await ask()
        let (now, date) = (ContinuousClock.now, Date())
        let (activity, calls) = (telemetry.activity.figures, telemetry.calls.figures)
        var sample = HealthSample(status: status, activity: activity, calls: calls, at: date)
        sample.heartbeats = heartbeats
        sample.isGroupMember = isGroupMember?()
        sample.reported = telemetry.problems.figures
        sample.jobSnapshot = jobSnapshot
        sample.uptime = now
        watch.update(with: sample, at: now - start)
        let snapshot = Snapshot(
            at: date,
            status: status,
            watch: watch,
            health: watch.health,
            heartbeats: sample.heartbeats,
            activity: activity,
            calls: calls,
            process: ProcessFigures.read(),
            jobSnapshot: jobSnapshot,
            problems: sample.reported,
            files: files?.status
        )
        log.record(snapshot.health)
        latest = (snapshot, now)
        remember(snapshot, at: now)
        return snapshot
    }

    /// Asks the engine. While a question is unanswered, no other is asked, so that the engine's queue does not fill.
    private func ask() async -> WorkerStatus? {
        guard !isQuestionOpen else { return nil }
        isQuestionOpen = true
        let source = source
        let status = await answer(within: configuration.patience) { [weak self] in
            let status = await source.status()
            await self?.questionAnswered()
            return status
        }
        return status.flatMap { $0 }
    }

    /// Requests snapshots of the open jobs until the task is cancelled, one after the other. Later polls use the answers.
    private func keepJobsFresh() async {
        let source = source
        var pause: Duration
        repeat {
            guard let answer = await answer({ await source.jobSnapshot(oldest: Self.oldestJobs) }) else { return }
            jobSnapshot = answer?.found
            pause = max(Self.jobSnapshotInterval, (answer?.took ?? .zero) * Self.jobSnapshotPause)
        } while await slept(for: min(.seconds(60), pause))
    }

    private func questionAnswered() { isQuestionOpen = false }

    private func remember(_ snapshot: Snapshot, at now: ContinuousClock.Instant) {
        if let lastHistory, now - lastHistory < History.interval - .milliseconds(200) { return }
        lastHistory = now
        history.add(
            at: snapshot.at,
            jobs: StatusDocument.jobs(snapshot.watch.lastStatus),
            totals: snapshot.activity.totals,
            calls: snapshot.calls.apiCallsStarted.values.reduce(0, +)
        )
    }
}
