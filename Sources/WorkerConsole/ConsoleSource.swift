package import ExportCore
package import WorkerRuntime

/// What the console asks the engine. While the engine is stuck, it does not answer; the console waits for a bounded time.
package protocol ConsoleSource: Sendable {
    /// The worker's status; `nil` when the worker has ended.
    func status() async -> WorkerStatus?
    /// A snapshot of the open jobs, and how long the engine needed for it; `nil` when the worker has ended.
    func jobSnapshot(oldest limit: Int) async -> (found: JobSnapshot, took: Duration)?
    /// Those of some jobs that this worker's partitions know, and how long the engine needed for them; `nil` when the worker has
    /// ended.
    func jobs(named ids: Set<String>) async -> (found: [String: JobView], took: Duration)?
    /// A part of the list of jobs, and how long the engine needed for it; `nil` when the worker has ended.
    func jobs(_ question: JobQuestion) async -> (page: JobPage, took: Duration)?
}

extension WorkerLoop: ConsoleSource {}

/// A loop whose progress decides liveness.
package struct HealthSource: Sendable {
    /// The loop's name, for example `engine` or `consumer`.
    package let name: String
    /// A loop whose last beat is older counts as stuck.
    package let maximumAge: Duration
    private let age: @Sendable () -> Duration
    /// Whether the loop counts as started from the beginning.
    private let isAlwaysStarted: Bool
    private let start = ContinuousClock.now

    /// Creates a source. Create it before the loop starts, to distinguish a loop that has not started from a stuck one.
    ///
    /// - Parameters:
    ///   - name: the loop's name.
    ///   - heartbeat: its heartbeat.
    ///   - maximumAge: with an older last beat, the loop counts as stuck.
    package init(name: String, heartbeat: Heartbeat, maximumAge: Duration = .seconds(30)) {
        self.name = name
        age = { heartbeat.age }
        isAlwaysStarted = false
        self.maximumAge = maximumAge
    }

    /// Creates a source that measures the time without progress itself.
    ///
    /// - Parameters:
    ///   - name: the loop's name.
    ///   - maximumAge: with a greater age, the loop counts as stuck.
    ///   - age: the time since progress stopped; zero while nothing waits.
    package init(name: String, maximumAge: Duration, age: @escaping @Sendable () -> Duration) {
        self.name = name
        self.age = age
        isAlwaysStarted = true
        self.maximumAge = maximumAge
    }

    /// The loop's current reading.
    var reading: HeartbeatReading {
        let age = age()
        let known = ContinuousClock.now - start
        // The heartbeat was created before this value. If it is younger, it has beaten since. It counts milliseconds, so
        // its age may be one too low.
        return HeartbeatReading(
            name: name,
            age: age,
            maximumAge: maximumAge,
            hasBegun: isAlwaysStarted || age + .milliseconds(1) < known
        )
    }
}

/// The state of a loop at the time of a reading.
struct HeartbeatReading: Sendable {
    var name: String
    var age: Duration
    var maximumAge: Duration
    /// Whether it has beaten since the source was created.
    var hasBegun: Bool

    var isStuck: Bool { hasBegun && age > maximumAge }
}
