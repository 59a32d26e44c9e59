public import ExportCore
public import WorkerRuntime

/// What the console asks of the engine. Both questions may go unanswered for as long as the engine is stuck: the
/// console waits for a bounded time.
public protocol ConsoleSource: Sendable {
    /// How the worker stands; `nil` when it has ended.
    func status() async -> WorkerStatus?
    /// A look at every open job, and how long it took the engine; `nil` when that has ended.
    func survey(oldest limit: Int) async -> (found: JobSurvey, took: Duration)?
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
    private let age: @Sendable () -> Duration
    /// Whether there is no beginning to wait for.
    private let tellsItself: Bool
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
        age = { heartbeat.age }
        tellsItself = false
        self.maximumAge = maximumAge
    }

    /// Creates a source that says itself how long nothing has moved.
    ///
    /// - Parameters:
    ///   - name: the loop's name.
    ///   - maximumAge: the age from which on the loop counts as stuck.
    ///   - age: how long something has been waited for; zero when nothing is.
    public init(name: String, maximumAge: Duration, age: @escaping @Sendable () -> Duration) {
        self.name = name
        self.age = age
        tellsItself = true
        self.maximumAge = maximumAge
    }

    /// How the loop stands now.
    var reading: HeartbeatReading {
        let age = age()
        let known = ContinuousClock.now - start
        // The heart was made before this value: one that has beaten since is younger than it. The heart counts
        // milliseconds, so its age may be one short.
        return HeartbeatReading(
            name: name,
            age: age,
            maximumAge: maximumAge,
            hasBegun: tellsItself || age + .milliseconds(1) < known
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
