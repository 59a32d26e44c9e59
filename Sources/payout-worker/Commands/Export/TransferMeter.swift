/// How a transfer goes: a bar, sizes, the rate of the last seconds, and the time left at that rate.
struct TransferMeter {
    /// The rate is that of the last so many seconds: older ones say little about what is to come.
    private static let window: Duration = .seconds(10)
    private static let step: Duration = .milliseconds(100)
    /// Before that, a rate would be a guess.
    private static let firstRate: Duration = .milliseconds(500)

    private struct Sample {
        var time: Duration
        var bytes: Int64
    }

    private let expected: Int64?
    private(set) var received: Int64 = 0
    private var samples: [Sample] = []

    /// - Parameter expected: The whole size in bytes, where it is known.
    init(expected: Int64?) { self.expected = expected.flatMap { $0 > 0 ? $0 : nil } }

    /// Takes note of further bytes.
    ///
    /// - Parameter time: Since any fixed point.
    mutating func add(_ bytes: Int, at time: Duration) {
        if samples.isEmpty { samples.append(Sample(time: time, bytes: received)) }
        received += Int64(bytes)
        guard let last = samples.last, time - last.time >= Self.step else { return }
        samples.append(Sample(time: time, bytes: received))
        // One from before the window stays: the rate is counted from there.
        while samples.count > 2, time - samples[1].time >= Self.window { samples.removeFirst() }
    }

    /// Bytes a second; nil where it is too early to say.
    var rate: Double? {
        guard let first = samples.first, let last = samples.last, last.time - first.time >= Self.firstRate else {
            return nil
        }
        let (seconds, attoseconds) = (last.time - first.time).components
        return Double(last.bytes - first.bytes) / (Double(seconds) + Double(attoseconds) * 1e-18)
    }

    /// How long the rest takes at this rate; nil where nobody knows.
    var timeLeft: Duration? {
        guard let expected, let rate, rate >= 1 else { return nil }
        // A rate of a byte a second makes ages out of a big file; nobody reads beyond a year.
        return .seconds(min(Double(max(0, expected - received)) / rate, 31_536_000))
    }

    /// For example `[######------] 12.0 MiB of 24.0 MiB, 3.0 MiB/s, 4.0 s left`.
    var line: String {
        var parts: [String] = []
        if let expected {
            let bar = ProgressLine.bar(Double(received) / Double(expected))
            parts.append("\(bar) \(Readable.size(received)) of \(Readable.size(expected))")
        } else {
            parts.append(Readable.size(received))
        }
        if let rate { parts.append("\(Readable.size(Int64(rate)))/s") }
        if let timeLeft { parts.append("\(Readable.duration(timeLeft)) left") }
        return parts.joined(separator: ", ")
    }
}
