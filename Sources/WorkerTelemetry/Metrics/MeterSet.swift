import ExportCore
import Metrics
import Synchronization
import WorkerRuntime

/// Counters, with or without fractions, by definition and label values; created on first use and kept.
final class MeterSet<Meter: Sendable>: Sendable {
    private struct Key: Hashable {
        var name: String
        var values: [String]
    }

    private let make: @Sendable (_ name: String, _ labels: [(String, String)]) -> Meter
    private let meters = Mutex<[Key: Meter]>([:])

    init(_ make: @escaping @Sendable (_ name: String, _ labels: [(String, String)]) -> Meter) { self.make = make }

    fileprivate subscript(definition: MetricDefinition, values: [String]) -> Meter {
        let key = Key(name: definition.name, values: values)
        return meters.withLock { meters in
            if let meter = meters[key] { return meter }
            let meter = make(definition.name, Array(zip(definition.labels, values)))
            meters[key] = meter
            return meter
        }
    }
}

extension MeterSet<Counter> {
    func add(_ definition: MetricDefinition, _ values: [String] = [], by amount: Int = 1) {
        self[definition, values].increment(by: amount)
    }

    /// Sets counters with known labels to zero: a rate needs a first value.
    func prepare() {
        for definition in MetricsTable.all
        where definition.kind == .counter && definition.emitter == .worker && definition.labels.isEmpty
            && definition.name != MetricsTable.cpuSeconds.name
        {
            add(definition, by: 0)
        }
        for reason in IntakePause.allCases { add(MetricsTable.intakePauses, [reason.rawValue], by: 0) }
        for kind in LogObservation.Rebalance.allCases { add(MetricsTable.rebalances, [kind.rawValue], by: 0) }
        for repeated in ["true", "false"] { add(MetricsTable.duplicates, [repeated], by: 0) }
        for kind in CallKind.allCases { add(MetricsTable.callFailures, [kind.label], by: 0) }
        for status in [JobStatus.completed, .cancelled] { add(MetricsTable.events, [status.name, "none"], by: 0) }
        for code in JobErrorCode.allCases {
            let isRejection = [.invalidJob, .unknownJob, .unknownAccount, .conflictingJob, .tooLarge].contains(code)
            if isRejection { add(MetricsTable.events, [JobStatus.rejected.name, code.name], by: 0) }
            if !isRejection || code == .tooLarge {
                add(MetricsTable.events, [JobStatus.failed.name, code.name], by: 0)
            }
        }
        for status in JobBatchStatus.allCases { add(MetricsTable.batchEvents, [status.name], by: 0) }
        for kind in OutputKind.allCases { add(MetricsTable.droppedOutputs, [kind.rawValue], by: 0) }
    }
}

extension MeterSet<FloatingPointCounter> {
    func add(_ definition: MetricDefinition, _ values: [String], by amount: Double) {
        self[definition, values].increment(by: amount)
    }
}
