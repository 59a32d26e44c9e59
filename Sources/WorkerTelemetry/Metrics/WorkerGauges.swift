import Metrics
import Synchronization

/// A gauge's label values and its value.
struct GaugeValue: Sendable {
    var values: [String]
    var value: Double

    init(_ values: [String], _ value: Double) {
        self.values = values
        self.value = value
    }

    init(_ values: [String], _ value: Int) { self.init(values, Double(value)) }

    init(_ values: [String], _ value: Bool) { self.init(values, value ? 1.0 : 0.0) }
}

/// Gauges that are set together. Series that are absent from the new values, such as those of a released partition, are
/// destroyed.
final class WorkerGauges: Sendable {
    private let factory: any MetricsFactory
    private let live = Mutex<[String: [[String]: Meter]]>([:])

    init(factory: any MetricsFactory) { self.factory = factory }

    /// Sets all series of a gauge.
    func set(_ definition: MetricDefinition, _ values: [GaugeValue]) {
        live.withLock { live in
            var meters = live[definition.name] ?? [:]
            var kept: [[String]: Meter] = [:]
            for entry in values {
                let meter =
                    meters.removeValue(forKey: entry.values)
                    ?? Meter(
                        label: definition.name,
                        dimensions: Array(zip(definition.labels, entry.values)),
                        factory: factory
                    )
                meter.set(entry.value)
                kept[entry.values] = meter
            }
            for meter in meters.values { meter.destroy() }
            live[definition.name] = kept
        }
    }
}
