import WorkerSamples
import WorkerTelemetry

@testable import ExportCore
@testable import WorkerConsole
@testable import WorkerRuntime

/// Tests of the health that results from samples.
protocol HealthSuite {}

extension HealthSuite {
    func sample(_ status: WorkerStatus?, _ change: (inout HealthSample) -> Void = { _ in }) -> HealthSample {
        var sample = HealthSample(status: status, wallClock: Sample.start)
        change(&sample)
        return sample
    }

    /// The watch after the same sample at each of these seconds.
    func watch(_ sample: HealthSample, at seconds: [Int]) -> HealthWatch {
        var watch = HealthWatch(HealthThresholds(), texts: CodeTexts())
        for second in seconds { watch.update(with: sample, at: .seconds(second)) }
        return watch
    }

    func codes(_ watch: HealthWatch) -> [HealthCode] { watch.health.reasons.map(\.code) }
}
