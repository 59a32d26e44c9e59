import WorkerRuntime

/// Partitions whose leaders have not answered for some time; `KafkaLog` reports them.
///
/// A value without a clock: time arrives with each call.
struct LeaderSilences {
    private struct Silence {
        var problem: LogProblem
        var since: ContinuousClock.Instant
    }

    /// A leader that moves takes seconds; a silence that lasts longer is reported.
    static let patience: Duration = .seconds(15)

    private var silences: [Int32: Silence] = [:]

    /// A partition's leader has answered.
    mutating func answered(_ partition: Int32) { silences[partition] = nil }

    /// A partition's leader has not answered.
    mutating func failed(_ partition: Int32, _ problem: LogProblem, at now: ContinuousClock.Instant) {
        if silences[partition] == nil { silences[partition] = Silence(problem: problem, since: now) }
    }

    /// Forgets all partitions but these.
    mutating func keep(_ partitions: [Int32]) {
        silences = silences.filter { partitions.contains($0.key) }
    }

    /// Partitions that have been silent for too long, and their first failure.
    func lasting(at now: ContinuousClock.Instant) -> [Int32: LogProblem] {
        silences.filter { $0.value.since.duration(to: now) >= Self.patience }.mapValues(\.problem)
    }
}
