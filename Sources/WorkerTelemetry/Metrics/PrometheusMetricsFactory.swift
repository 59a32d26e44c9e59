package import Metrics
import Synchronization

/// A metrics backend that keeps all metrics in memory and exposes them in Prometheus' text format.
///
/// Counters get `_total`, timers become histograms in seconds, recorders become histograms (or gauges when they do
/// not aggregate), meters become gauges. Dots become underscores. A destroyed series is no longer exposed; one that two
/// handles share is destroyed with the first.
package final class PrometheusMetricsFactory: MetricsFactory {
    private struct Family {
        var kind: MetricDefinition.Kind
        var series: [PrometheusLabels: any PrometheusSeries] = [:]
    }

    private struct State {
        var families: [String: Family] = [:]
        /// The name and labels of each handler's series, for its destruction.
        var places: [ObjectIdentifier: (name: String, labels: PrometheusLabels)] = [:]
        var dropped: Double = 0
    }

    private let definitions: [String: MetricDefinition]
    private let seriesLimit: Int
    private let state = Mutex(State())

    /// Creates an empty backend.
    ///
    /// - Parameters:
    ///   - definitions: where help texts and buckets come from; others get the OpenTelemetry buckets in seconds.
    ///   - seriesLimit: series of one metric at the most; further ones are counted and not exposed.
    package init(definitions: [MetricDefinition] = MetricsTable.all, seriesLimit: Int = 5_000) {
        self.definitions = Dictionary(definitions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.seriesLimit = seriesLimit
    }

    // MARK: Exposition

    /// The `Content-Type` of ``exposition()``.
    package static let contentType = PrometheusText.contentType

    /// All metrics in the text format 0.0.4, sorted by name and labels.
    package func exposition() -> String {
        let (families, dropped) = state.withLock { ($0.families, $0.dropped) }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) where !family.series.isEmpty {
            let help = definitions[name]?.help ?? "No description."
            PrometheusText.header(name, family.kind, help: help, to: &text)
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                series.write(name: name, labels: labels, to: &text)
            }
        }
        let own = MetricsTable.seriesDropped
        PrometheusText.header(own.name, own.kind, help: own.help, to: &text)
        PrometheusText.sample(own.name, PrometheusLabels([], isHistogram: false), dropped, to: &text)
        return text
    }

    /// The names with a series, to check them against the table.
    var names: [String: MetricDefinition.Kind] {
        state.withLock { $0.families.filter { !$0.value.series.isEmpty }.mapValues(\.kind) }
    }

    // MARK: Creating

    /// Creates a counter; `_total` is added to its name.
    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, suffix: "_total", .counter, dimensions) { _ in CounterSeries() }
    }

    /// Creates a counter with fractions; `_total` is added to its name.
    package func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(label, suffix: "_total", .counter, dimensions) { _ in CounterSeries() }
    }

    /// Creates a gauge.
    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, suffix: "", .gauge, dimensions) { _ in GaugeSeries() }
    }

    /// Creates a histogram, or a gauge when the recorder does not aggregate.
    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else { return series(label, suffix: "", .gauge, dimensions) { _ in GaugeSeries() } }
        return series(label, suffix: "", .histogram, dimensions) { HistogramSeries(bounds: $0) }
    }

    /// Creates a histogram in seconds; `_seconds` is added to its name.
    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, suffix: "_seconds", .histogram, dimensions) { HistogramSeries(bounds: $0) }
    }

    // MARK: Destroying

    /// Forgets the counter's series.
    package func destroyCounter(_ handler: any CounterHandler) { forget(handler) }
    /// Forgets the counter's series.
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { forget(handler) }
    /// Forgets the gauge's series.
    package func destroyMeter(_ handler: any MeterHandler) { forget(handler) }
    /// Forgets the recorder's series.
    package func destroyRecorder(_ handler: any RecorderHandler) { forget(handler) }
    /// Forgets the timer's series.
    package func destroyTimer(_ handler: any TimerHandler) { forget(handler) }

    private func forget(_ handler: AnyObject) {
        state.withLock { state in
            guard let place = state.places.removeValue(forKey: ObjectIdentifier(handler)) else { return }
            state.families[place.name]?.series[place.labels] = nil
        }
    }

    /// The series of that name and those labels, which two handles share. One that would exceed the limit, or whose
    /// name has another type already, works and is not exposed.
    private func series<Series: PrometheusSeries>(
        _ label: String,
        suffix: String,
        _ kind: MetricDefinition.Kind,
        _ dimensions: [(String, String)],
        make: ([Double]) -> Series
    ) -> Series {
        var name = PrometheusText.metricName(label)
        if !name.hasSuffix(suffix) { name += suffix }
        let labels = PrometheusLabels(dimensions, isHistogram: kind == .histogram)
        let known = definitions[name]?.buckets ?? []
        let bounds = known.isEmpty ? MetricBuckets.seconds : known
        return state.withLock { state in
            if let shared = state.families[name]?.series[labels] as? Series { return shared }
            let new = make(bounds)
            let family = state.families[name] ?? Family(kind: kind)
            guard family.kind == kind, family.series[labels] == nil, family.series.count < seriesLimit else {
                state.dropped += 1
                return new
            }
            state.families[name, default: family].series[labels] = new
            state.places[ObjectIdentifier(new)] = (name, labels)
            return new
        }
    }
}
