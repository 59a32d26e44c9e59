import ExportCore
import Metrics
import Synchronization
import WorkerRuntime

/// Counters by definition and label values, created on first use and kept.
final class CounterSet: Sendable {
    private struct Key: Hashable {
        var name: String
        var values: [String]
    }

    private let factory: any MetricsFactory
    private let counters = Mutex<[Key: Counter]>([:])

    init(factory: any MetricsFactory) { self.factory = factory }

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
        for kind in OutputKind.allCases { add(MetricsTable.droppedOutputs, [kind.rawValue], by: 0) }
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

/// Sums with fractions by definition and label values, created on first use and kept.
final class SumSet: Sendable {
    private let factory: any MetricsFactory
    private let counters = Mutex<[[String]: FloatingPointCounter]>([:])

    init(factory: any MetricsFactory) { self.factory = factory }

    func add(_ definition: MetricDefinition, _ values: [String], by amount: Double) {
        let counter = counters.withLock { counters in
            let key = [definition.name] + values
            if let counter = counters[key] { return counter }
            let counter = FloatingPointCounter(
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
