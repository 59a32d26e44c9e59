public import ExportCore
import Foundation
public import Metrics
import Synchronization
public import WorkerRuntime

/// Which worker runs.
public struct BuildInfo: Sendable, Hashable {
    /// The version, for example `1.4.0`.
    public var version: String
    /// The source revision, where the build knew it.
    public var revision: String

    /// Creates the information.
    public init(version: String, revision: String = "unknown") {
        self.version = version
        self.revision = revision
    }
}

/// Turns what the engine reports into metrics. They stand in ``MetricsTable``.
///
/// Counters and histograms move with each report; gauges are set by ``refresh(_:)`` before they are shown.
public final class WorkerMetrics: WorkerObserver {
    let factory: any MetricsFactory
    let gauges: WorkerGauges
    private let counters: CounterSet
    private let commitRecords: Recorder
    private let commitDuration: Metrics.Timer
    private let jobDurations: [JobStatus: Metrics.Timer]
    private let callDurations: [CallKind: Metrics.Timer]
    private let cpuCounter: FloatingPointCounter
    private let countedCPU = Mutex(0.0)

    /// Creates the metrics, all counters at zero.
    ///
    /// - Parameters:
    ///   - factory: the backend; a program that sets one for everything passes `MetricsSystem.factory`.
    ///   - build: which worker runs.
    public init(factory: any MetricsFactory, build: BuildInfo) {
        self.factory = factory
        gauges = WorkerGauges(factory: factory)
        counters = CounterSet(factory: factory)
        commitRecords = Recorder(label: MetricsTable.commitRecords.name, factory: factory)
        commitDuration = Timer(label: MetricsTable.commitDuration.name, factory: factory)
        jobDurations = Self.timers(JobStatus.allCases, factory) {
            (MetricsTable.jobDuration.name, [("status", $0.label)])
        }
        callDurations = Self.timers(CallKind.allCases, factory) { kind in
            kind == .download
                ? (MetricsTable.downloadDuration.name, [])
                : (MetricsTable.callDuration.name, [("call", kind.label)])
        }
        cpuCounter = FloatingPointCounter(label: MetricsTable.cpuSeconds.name, factory: factory)
        counters.prepare()
        gauges.set(MetricsTable.buildInfo, [GaugeValue([build.version, build.revision], 1)])
        gauges.set(MetricsTable.kafkaConnected, [GaugeValue([], 1)])
    }

    private static func timers<Key: Hashable>(
        _ keys: [Key],
        _ factory: any MetricsFactory,
        _ name: (Key) -> (String, [(String, String)])
    ) -> [Key: Metrics.Timer] {
        var timers: [Key: Metrics.Timer] = [:]
        for key in keys {
            let (label, dimensions) = name(key)
            timers[key] = Timer(
                label: label,
                dimensions: dimensions,
                preferredDisplayUnit: .seconds,
                factory: factory
            )
        }
        return timers
    }

    // MARK: What happens

    /// Counts what the engine reports.
    public func report(_ report: Report) {
        switch report {
        case .accepted(_, _, let keyIsJobID, let warnings):
            counters.add(MetricsTable.accepted)
            if !keyIsJobID { counters.add(MetricsTable.keyMismatches) }
            if !warnings.isEmpty { counters.add(MetricsTable.warnings, by: warnings.count) }
        case .duplicate(_, _, let eventRepeated):
            counters.add(MetricsTable.duplicates, [eventRepeated ? "true" : "false"])
        case .ended(_, let event): ended(event)
        case .deadLettered: counters.add(MetricsTable.deadLetters)
        case .attemptFailed: counters.add(MetricsTable.attemptsFailed)
        case .callFailed(_, _, let kind, _): counters.add(MetricsTable.callFailures, [kind.label])
        case .throttled(let account, let kind, _):
            counters.add(MetricsTable.throttled, [account, kind.label])
        case .active: counters.add(MetricsTable.restores)
        case .stopped: counters.add(MetricsTable.stopped)
        case .released: counters.add(MetricsTable.released)
        case .lost(_, _, let dropped):
            counters.add(MetricsTable.lost)
            counters.add(MetricsTable.droppedRecords, by: dropped)
        case .lateAnswer: counters.add(MetricsTable.lateAnswers)
        // Gauges tell these, from the status.
        case .accountPaused, .accountResumed, .intakePaused, .intakeResumed: break
        }
    }

    /// Counts what the log tells.
    public func observe(_ observation: LogObservation) {
        switch observation {
        case .committed(let records, let seconds):
            counters.add(MetricsTable.commits)
            commitRecords.record(records)
            commitDuration.recordSeconds(seconds)
        case .commitFailed: counters.add(MetricsTable.commitFailures)
        case .connection(let problem):
            gauges.set(MetricsTable.kafkaConnected, [GaugeValue([], problem == nil ? 1 : 0)])
        }
    }

    private func ended(_ event: CompletionEvent) {
        counters.add(MetricsTable.events, [event.status.label, event.error?.code.label ?? "none"])
        guard event.job != nil, let finished = event.times.finished else { return }
        let milliseconds = max(0, event.times.accepted.duration(to: finished).wholeMilliseconds)
        jobDurations[event.status]?.recordMilliseconds(milliseconds)
    }

    /// Brings the counter of CPU time up to the system's total.
    func cpuSeconds(_ total: Double) {
        let more = countedCPU.withLock { counted in
            defer { counted = max(counted, total) }
            return total - counted
        }
        if more > 0 { cpuCounter.increment(by: more) }
    }

    /// A call was answered.
    func answered(account: String, kind: CallKind, outcome: String, after duration: Duration) {
        counters.add(MetricsTable.callsTotal, [account, kind.label, outcome])
        let (seconds, attoseconds) = duration.components
        callDurations[kind]?.recordSeconds(Double(seconds) + Double(attoseconds) / 1e18)
    }
}

/// Counters by definition and label values, made when they are first needed and kept.
private final class CounterSet: Sendable {
    private struct Key: Hashable {
        var name: String
        var values: [String]
    }

    private let factory: any MetricsFactory
    private let counters = Mutex<[Key: Counter]>([:])

    init(factory: any MetricsFactory) { self.factory = factory }

    /// Counters whose labels are known beforehand show zero from the beginning: a rate needs a first value.
    func prepare() {
        for definition in MetricsTable.all
        where definition.kind == .counter && definition.emitter == .worker && definition.labels.isEmpty
            && definition.name != MetricsTable.cpuSeconds.name
        {
            add(definition, by: 0)
        }
        for repeated in ["true", "false"] { add(MetricsTable.duplicates, [repeated], by: 0) }
        for kind in CallKind.allCases { add(MetricsTable.callFailures, [kind.label], by: 0) }
        for status in [JobStatus.completed, .cancelled] { add(MetricsTable.events, [status.label, "none"], by: 0) }
        for code in JobErrorCode.allCases {
            let isRejection = [.invalidJob, .unknownJob, .unknownAccount].contains(code)
            let status: JobStatus = isRejection ? .rejected : .failed
            add(MetricsTable.events, [status.label, code.label], by: 0)
        }
    }

    func add(_ definition: MetricDefinition, _ values: [String] = [], by amount: Int = 1) {
        let key = Key(name: definition.name, values: values)
        let counter = counters.withLock { counters in
            if let counter = counters[key] { return counter }
            let counter = Counter(
                label: definition.name,
                dimensions: Array(zip(definition.labels, values)),
                factory: factory
            )
            counters[key] = counter
            return counter
        }
        counter.increment(by: amount)
    }
}
