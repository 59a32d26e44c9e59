import ExportCore
import Foundation
import Logging
import WorkerRuntime

/// How everything stood at one moment.
struct Snapshot: Sendable {
    var at: Date
    /// The engine's answer; `nil` when it gave none in time.
    var status: WorkerStatus?
    var watch: HealthWatch
    var verdict: HealthVerdict
    var heartbeats: [HeartbeatReading]
    var activity: RecentActivity.Figures
    var calls: CallActivity.Figures
    var process: ProcessFigures
    /// The newest look at the open jobs, which may be some seconds old.
    var survey: JobSurvey?
    var problems = ReportedProblems.Figures()

    var wallClock: Instant { Instant(milliseconds: Int64(at.timeIntervalSince1970 * 1_000)) }
    /// The file store and the transfers into it; `nil` where there is no store.
    var files: FileStatus?
}

/// Looks at the worker once a second, also when nobody asks, and keeps the last minutes.
///
/// One look serves everybody who asks at about the same time, so the engine is asked a question or two a second,
/// however many pages are open.
actor ConsoleMonitor {
    private let source: any ConsoleSource
    private let telemetry: ConsoleTelemetry
    private let loops: [HealthSource]
    private let isGroupMember: (@Sendable () -> Bool)?
    private let files: FileActivity?
    private let configuration: ConsoleConfiguration
    private let start = ContinuousClock.now
    private let startedAt = Date()

    private var watch: HealthWatch
    private var log: HealthLog
    private var latest: (snapshot: Snapshot, at: ContinuousClock.Instant)?
    private var looking: Task<Snapshot, Never>?
    private var history = History()
    private var lastHistory: ContinuousClock.Instant?
    private var isQuestionOpen = false
    private var encoded: (at: Date, bytes: [UInt8])?
    private var survey: JobSurvey?
    private var nextSurvey: ContinuousClock.Instant?
    private var isSurveyOpen = false

    private static let oldestJobs = 10
    /// A look at every job may cost the engine half a percent of its time, and no more.
    private static let surveyPause = 200
    private static let surveyInterval: Duration = .seconds(1)

    private static let freshness: Duration = .milliseconds(400)

    init(
        _ configuration: ConsoleConfiguration,
        source: any ConsoleSource,
        telemetry: ConsoleTelemetry,
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
        watch = HealthWatch(configuration.thresholds)
    }

    /// Looks again and again until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            _ = await snapshot()
            try? await Task.sleep(for: configuration.interval)
        }
    }

    /// How everything stands, not older than a moment.
    func snapshot() async -> Snapshot {
        if let latest, ContinuousClock.now - latest.at < Self.freshness { return latest.snapshot }
        if let looking { return await looking.value }
        let task = Task { await look() }
        looking = task
        let snapshot = await task.value
        looking = nil
        return snapshot
    }

    /// The whole status, for whoever asks once.
    func document() async -> StatusDocument {
        StatusDocument(await snapshot(), worker: worker, history: history)
    }

    /// The status without its history as JSON, encoded once for everybody who listens.
    func liveJSON() async -> [UInt8] {
        let snapshot = await snapshot()
        if let encoded, encoded.at == snapshot.at { return encoded.bytes }
        let bytes = JSON.encode(StatusDocument(snapshot, worker: worker))
        encoded = (snapshot.at, bytes)
        return bytes
    }

    nonisolated var heartbeats: [HeartbeatReading] { loops.map(\.reading) }

    private var worker: StatusDocument.Worker {
        StatusDocument.Worker(
            id: configuration.workerID,
            group: configuration.groupID,
            version: telemetry.build.version,
            startedAt: Timestamp.text(startedAt),
            uptimeSeconds: (ContinuousClock.now - start).inSeconds
        )
    }

    // MARK: Looking

    private func look() async -> Snapshot {
        let status = await ask()
        surveyIfDue()
        let now = ContinuousClock.now
        let moment = Date()
        let files = files?.status
        let (activity, calls, beats) = (telemetry.activity.figures, telemetry.calls.figures, heartbeats)
        let problems = telemetry.problems.figures
        watch.take(
            HealthSample(
                status: status,
                heartbeats: beats,
                isGroupMember: isGroupMember?(),
                connectionProblem: activity.connectionProblem,
                commits: activity.totals.commits,
                commitFailure: activity.lastCommitFailure,
                calls: calls.started + calls.answered,
                throttledAccounts: Set(activity.throttledUntil.filter { $0.value > moment }.keys.map(\.account)),
                failingCalls: calls.failingCalls,
                failingDownloads: calls.failingDownloads,
                throttles: activity.throttledUntil.mapValues {
                    Instant(milliseconds: Int64($0.timeIntervalSince1970 * 1_000))
                },
                reported: problems,
                survey: survey,
                uptime: now,
                wallClock: Instant(milliseconds: Int64(moment.timeIntervalSince1970 * 1_000))
            ),
            at: now - start
        )
        let snapshot = Snapshot(
            at: moment,
            status: status,
            watch: watch,
            verdict: watch.verdict,
            heartbeats: beats,
            activity: activity,
            calls: calls,
            process: ProcessFigures.read(),
            survey: survey,
            problems: problems,
            files: files
        )
        log.take(snapshot.verdict)
        latest = (snapshot, now)
        remember(snapshot, at: now)
        return snapshot
    }

    /// Asks the engine. A question that it has not answered yet is not repeated: its queue must not fill with them.
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

    /// Looks at the open jobs, beside everything else: the answer is there for a later look.
    private func surveyIfDue() {
        let now = ContinuousClock.now
        guard !isSurveyOpen, nextSurvey.map({ $0 <= now }) ?? true else { return }
        isSurveyOpen = true
        let source = source
        Task { [weak self] in
            let survey = await source.survey(oldest: Self.oldestJobs)
            await self?.surveyed(survey)
        }
    }

    private func surveyed(_ survey: (found: JobSurvey, took: Duration)?) {
        isSurveyOpen = false
        self.survey = survey?.found
        let pause = max(Self.surveyInterval, (survey?.took ?? .zero) * Self.surveyPause)
        nextSurvey = .now + min(.seconds(60), pause)
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

/// JSON as the console writes it.
enum JSON {
    static func encode(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // The documents hold no floating-point number that JSON does not know and no key that is not a string.
        guard let data = try? encoder.encode(value) else { return Array("{}".utf8) }
        return Array(data)
    }
}
