import Metrics
import Synchronization

/// One series of a metric, which adds its lines to the exposition.
protocol PrometheusSeries: AnyObject, Sendable {
    func write(name: String, labels: PrometheusLabels, to text: inout String)
}

/// A counter: whole or fractional increments, never down.
final class CounterSeries: PrometheusSeries, CounterHandler, FloatingPointCounterHandler {
    private let value = Mutex(0.0)

    func increment(by amount: Int64) { increment(by: Double(amount)) }

    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        value.withLock { $0 += amount }
    }

    func reset() { value.withLock { $0 = 0 } }

    func write(name: String, labels: PrometheusLabels, to text: inout String) {
        PrometheusText.sample(name, labels, value.withLock { $0 }, to: &text)
    }
}

/// A gauge: the value that was last set.
final class GaugeSeries: PrometheusSeries, MeterHandler, RecorderHandler {
    private let value = Mutex(0.0)

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.withLock { $0 = value } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }

    func write(name: String, labels: PrometheusLabels, to text: inout String) {
        PrometheusText.sample(name, labels, value.withLock { $0 }, to: &text)
    }
}

/// A histogram with fixed buckets. Timers count seconds.
final class HistogramSeries: PrometheusSeries, RecorderHandler, TimerHandler {
    private struct State {
        /// Observations by bucket, not cumulative; the last is the infinite one.
        var counts: [UInt64]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: [UInt64](repeating: 0, count: bounds.count + 1)))
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.sum += value
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    func write(name: String, labels: PrometheusLabels, to text: inout String) {
        let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
        var total: UInt64 = 0
        for (index, count) in counts.enumerated() {
            total += count
            let bound = index < bounds.count ? PrometheusText.number(bounds[index]) : "+Inf"
            PrometheusText.sample("\(name)_bucket", labels, Double(total), bound: bound, to: &text)
        }
        PrometheusText.sample("\(name)_sum", labels, sum, to: &text)
        PrometheusText.sample("\(name)_count", labels, Double(total), to: &text)
    }
}
