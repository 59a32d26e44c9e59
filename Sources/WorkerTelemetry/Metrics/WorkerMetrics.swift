package import ExportCore
import Foundation
package import Metrics
import Primitives
import Synchronization
package import WorkerRuntime

/// Which worker runs.
package struct BuildInfo: Sendable, Hashable {
    /// The version, for example `1.4.0`.
    package var version: String
    /// The source revision, where the build knew it.
    package var revision: String

    /// Creates the information.
    package init(version: String, revision: String = "unknown") {
        self.version = version
        self.revision = revision
    }
}

/// Metrics from the engine's reports. ``MetricsTable`` lists them.
///
/// Each report updates counters and histograms; ``refresh(_:)`` sets the gauges before they are exposed.
package final class WorkerMetrics: WorkerObserver {
    let factory: any MetricsFactory
    let gauges: WorkerGauges
    private let counters: MeterSet<Counter>
    private let sums: MeterSet<FloatingPointCounter>
    private let commitRecords: Recorder
    private let commitDuration: Metrics.Timer
    private let deliveryDuration: Metrics.Timer
    private let restoreDuration: Metrics.Timer
    private let clientCommitDuration: Metrics.Timer
    private let jobDurations: [JobStatus: Metrics.Timer]
    private let callDurations: [CallKind: Metrics.Timer]
    private let cpuCounter: FloatingPointCounter
    private let countedCPU = Mutex(0.0)
    private let countedLogLines = Mutex(0)
    private let countedFiles = Mutex((files: 0, bytes: Int64(0)))

    /// Creates the metrics, all counters at zero.
    ///
    /// - Parameters:
    ///   - factory: the backend; a program that sets one for everything passes `MetricsSystem.factory`.
    ///   - build: which worker runs.
    package init(factory: any MetricsFactory, build: BuildInfo) {
        self.factory = factory
        gauges = WorkerGauges(factory: factory)
        counters = MeterSet { Counter(label: $0, dimensions: $1, factory: factory) }
        sums = MeterSet { FloatingPointCounter(label: $0, dimensions: $1, factory: factory) }
        commitRecords = Recorder(label: MetricsTable.commitRecords.name, factory: factory)
        commitDuration = Timer(label: MetricsTable.commitDuration.name, factory: factory)
        deliveryDuration = Timer(label: MetricsTable.deliveryDuration.name, factory: factory)
        restoreDuration = Timer(label: MetricsTable.restoreDuration.name, factory: factory)
        clientCommitDuration = Timer(
            label: MetricsTable.clientOperationDuration.name,
            dimensions: [("messaging_operation_name", "commit"), ("messaging_system", "kafka")],
            factory: factory
        )
        jobDurations = Self.timers(JobStatus.allCases, factory) {
            (MetricsTable.jobDuration.name, [("status", $0.name)])
        }
        callDurations = Self.timers(CallKind.ofJobs, factory) { kind in
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

    // MARK: Reports

    /// Counts what the engine reports.
    package func report(_ report: Report) {
        switch report {
        case .accepted(_, _, let keyIsJobID, let warnings):
            counters.add(MetricsTable.accepted)
            if !keyIsJobID { counters.add(MetricsTable.keyMismatches) }
            if !warnings.isEmpty { counters.add(MetricsTable.warnings, by: warnings.count) }
        case .duplicate(_, _, let eventRepeated):
            counters.add(MetricsTable.duplicates, [eventRepeated ? "true" : "false"])
        case .ended(_, let event): ended(event)
        case .batchEnded(_, let event): counters.add(MetricsTable.batchEvents, [event.status.name])
        case .deadLettered: counters.add(MetricsTable.deadLetters)
        case .outputDropped(_, let kind, _): counters.add(MetricsTable.droppedOutputs, [kind.rawValue])
        case .attemptFailed: counters.add(MetricsTable.attemptsFailed)
        case .callFailed(_, _, let kind, _): counters.add(MetricsTable.callFailures, [kind.label])
        case .manifestFailed: counters.add(MetricsTable.callFailures, [CallKind.manifest.label])
        case .throttled(let account, let kind, let wait, _):
            counters.add(MetricsTable.throttled, [account, kind.label])
            sums.add(MetricsTable.throttledTime, [account, kind.label], by: wait.inSeconds)
        case .active: counters.add(MetricsTable.restores)
        case .stopped: counters.add(MetricsTable.stopped)
        case .released: counters.add(MetricsTable.released)
        case .lost(_, _, let dropped):
            counters.add(MetricsTable.lost)
            counters.add(MetricsTable.droppedRecords, by: dropped)
        case .lateAnswer: counters.add(MetricsTable.lateAnswers)
        case .unread(let records): counters.add(MetricsTable.unreadRecords, by: records.count)
        case .foreignOffset: counters.add(MetricsTable.foreignOffsets)
        case .intakePaused(let reason): counters.add(MetricsTable.intakePauses, [reason.rawValue])
        case .refusalsContinue: counters.add(MetricsTable.refusalFloods)
        // Gauges show these, from the status.
        case .accountPaused, .partlyRefused, .accountResumed, .storePaused, .storeResumed, .intakeResumed, .jobsPaused,
            .jobsResumed:
            break
        }
    }

    /// Counts what the Kafka log reports.
    package func observe(_ observation: LogObservation) {
        switch observation {
        case .committed(let records, let seconds):
            counters.add(MetricsTable.commits)
            commitRecords.record(records)
            commitDuration.recordSeconds(seconds)
            clientCommitDuration.recordSeconds(seconds)
        case .commitFailed: counters.add(MetricsTable.commitFailures)
        case .commitAborted(let cause): counters.add(MetricsTable.commitAborts, [cause])
        case .rebalanced(let kind, _): counters.add(MetricsTable.rebalances, [kind.rawValue])
        case .restored(_, let records, let seconds):
            counters.add(MetricsTable.restoredRecords, by: records)
            restoreDuration.recordSeconds(seconds)
        case .consumed(let topic, let records): counters.add(MetricsTable.consumedMessages, [topic], by: records)
        case .sent(let counts):
            for (topic, records) in counts { counters.add(MetricsTable.sentMessages, [topic], by: records) }
        case .headers(let headers): for header in headers { self.header(of: header.series, hasChanged: false) }
        case .restoring, .ends, .producer, .restoreFailing, .beginFailing, .leadersSilent, .unread: break
        case .connection(let problem):
            gauges.set(MetricsTable.kafkaConnected, [GaugeValue([], problem?.isPartial ?? true ? 1 : 0)])
        }
    }

    private func ended(_ event: CompletionEvent) {
        counters.add(MetricsTable.events, [event.status.name, event.error?.code.name ?? "none"])
        guard event.job != nil, let finished = event.times.finished else { return }
        let milliseconds = max(0, event.times.accepted.duration(to: finished).wholeMilliseconds)
        jobDurations[event.status]?.recordMilliseconds(milliseconds)
        if event.status == .completed, let ready = event.times.ready {
            deliveryDuration.recordMilliseconds(max(0, ready.duration(to: finished).wholeMilliseconds))
        }
    }

    /// Raises the counter of CPU time to the system's total.
    func cpuSeconds(_ total: Double) {
        let more = countedCPU.withLock { counted in
            defer { counted = max(counted, total) }
            return total - counted
        }
        if more > 0 { cpuCounter.increment(by: more) }
    }

    /// Raises the counter of dropped log lines to the total.
    func droppedLogLines(_ total: Int) {
        let more = countedLogLines.withLock { counted in
            defer { counted = max(counted, total) }
            return total - counted
        }
        if more > 0 { counters.add(MetricsTable.droppedLogLines, by: more) }
    }

    /// Raises the counters of stored files to the totals.
    func storedTotals(files: Int, bytes: Int64) {
        let more = countedFiles.withLock { counted in
            defer { counted = (max(counted.files, files), max(counted.bytes, bytes)) }
            return (files: files - counted.files, bytes: bytes - counted.bytes)
        }
        if more.files > 0 { counters.add(MetricsTable.storedFiles, by: more.files) }
        if more.bytes > 0 { counters.add(MetricsTable.storedBytes, by: Int(more.bytes)) }
    }

    /// A header is known that is the first of its series, or differs from the last one.
    func header(of series: FileHeader.Series, hasChanged: Bool) {
        // At zero for the first: a rate needs a first value.
        counters.add(
            MetricsTable.headerChanges,
            [series.account, series.kind.name, series.format.name],
            by: hasChanged ? 1 : 0
        )
    }

    /// A call was answered.
    func answered(account: String, kind: CallKind, result: CallResult, after duration: Duration) {
        counters.add(MetricsTable.callsTotal, [account, kind.label, result.outcome])
        callDurations[kind]?.recordSeconds(duration.inSeconds)
        guard kind == .download else { return }
        if case .stored(let file) = result {
            counters.add(MetricsTable.downloadBytes, by: Int(clamping: file.sizeBytes ?? 0))
        } else {
            counters.add(MetricsTable.downloadRetries)
        }
    }
}
