import Primitives

/// The progress of a transfer: a bar, sizes, the rate of the last seconds, and the time left at that rate.
struct TransferMeter {
    /// The rate is measured over this time, because older rates do not predict the rest.
    private static let window: Duration = .seconds(10)
    private static let step: Duration = .milliseconds(100)
    /// Before this time, the rate is not reliable.
    private static let firstRate: Duration = .milliseconds(500)

    private struct Sample {
        var time: Duration
        var bytes: Int64
    }

    private let expected: Int64?
    private(set) var received: Int64 = 0
    private var samples: [Sample] = []

    /// - Parameter expected: The total size in bytes, if it is known.
    init(expected: Int64?) { self.expected = expected.flatMap { $0 > 0 ? $0 : nil } }

    /// Adds received bytes.
    ///
    /// - Parameter time: The time since any fixed point.
    mutating func add(_ bytes: Int, at time: Duration) {
        if samples.isEmpty { samples.append(Sample(time: time, bytes: received)) }
        received += Int64(bytes)
        guard let last = samples.last, time - last.time >= Self.step else { return }
        samples.append(Sample(time: time, bytes: received))
        // One sample before the window is kept: the rate is measured from there.
        while samples.count > 2, time - samples[1].time >= Self.window { samples.removeFirst() }
    }

    /// Bytes per second; nil if it is too early to measure.
    var rate: Double? {
        guard let first = samples.first, let last = samples.last, last.time - first.time >= Self.firstRate else {
            return nil
        }
        return Double(last.bytes - first.bytes) / (last.time - first.time).inSeconds
    }

    /// How long the rest takes at this rate; nil if it is unknown.
    var timeLeft: Duration? {
        guard let expected, let rate, rate >= 1 else { return nil }
        // At most a year, so that a low rate does not overflow.
        return .seconds(min(Double(max(0, expected - received)) / rate, 31_536_000))
    }

    /// For example `[######------] 12.0 MiB of 24.0 MiB, 3.0 MiB/s, 4.0 s left`.
    var line: String {
        var parts: [String] = []
        if let expected {
            let bar = ProgressLine.bar(Double(received) / Double(expected))
            parts.append("\(bar) \(Formatting.size(received)) of \(Formatting.size(expected))")
        } else {
            parts.append(Formatting.size(received))
        }
        if let rate { parts.append("\(Formatting.size(Int64(rate)))/s") }
        if let timeLeft { parts.append("\(timeLeft.shortText) left") }
        return parts.joined(separator: ", ")
    }
}
