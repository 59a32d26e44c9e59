public import ExportCore
public import WorkerRuntime

/// What the console asks of the engine. Both questions may go unanswered for as long as the engine is stuck: the
/// console waits for a bounded time.
public protocol ConsoleSource: Sendable {
    /// How the worker stands; `nil` when it has ended.
    func status() async -> WorkerStatus?
    /// The newest record of a job that one of this worker's partitions knows.
    func record(ofJob id: String) async -> (partition: Int32, record: JobRecord)?
}

extension WorkerLoop: ConsoleSource {}

/// A loop whose progress liveness goes by.
public struct HealthSource: Sendable {
    /// The loop's name, for example `engine` or `consumer`.
    public let name: String
    /// Age of the last beat from which on the loop counts as stuck.
    public let maximumAge: Duration
    private let heartbeat: Heartbeat
    private let start = ContinuousClock.now

    /// Creates a source. Make it before the loop begins, so that a loop that has not begun yet can be told from one
    /// that is stuck.
    ///
    /// - Parameters:
    ///   - name: the loop's name.
    ///   - heartbeat: its heartbeat.
    ///   - maximumAge: the age of the last beat from which on the loop counts as stuck.
    public init(name: String, heartbeat: Heartbeat, maximumAge: Duration = .seconds(30)) {
        self.name = name
        self.heartbeat = heartbeat
        self.maximumAge = maximumAge
    }

    /// How the loop stands now.
    var reading: HeartbeatReading {
        let age = heartbeat.age
        let known = ContinuousClock.now - start
        // The heart was made before this value: one that has beaten since is younger than it. The heart counts
        // milliseconds, so its age may be one short.
        return HeartbeatReading(
            name: name,
            age: age,
            maximumAge: maximumAge,
            hasBegun: age + .milliseconds(1) < known
        )
    }
}

/// How a loop stood when it was looked at.
struct HeartbeatReading: Sendable {
    var name: String
    var age: Duration
    var maximumAge: Duration
    /// Whether it has beaten since it is watched.
    var hasBegun: Bool

    var isStuck: Bool { hasBegun && age > maximumAge }
}
