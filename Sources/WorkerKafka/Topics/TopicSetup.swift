public import KafkaClient
import WorkerRuntime

/// Creates the four topics as the worker needs them, and checks those that exist. The command's `topics` and the start of
/// a worker use it.
public struct TopicSetup: Sendable {
    let topics: KafkaTopicNames
    let admin: KafkaAdmin
    /// How long one request may take.
    let timeout: Duration
    /// How long an obstacle must last.
    let patience: Duration

    /// Creates a setup; nothing happens until `check` or `create`.
    ///
    /// - Parameters:
    ///   - topics: the topics' names.
    ///   - admin: describes topics and changes them. Stays the caller's to close.
    ///   - timeout: how long one request may take.
    ///   - patience: how long an obstacle must last before `check` reports it.
    public init(
        topics: KafkaTopicNames,
        admin: KafkaAdmin,
        timeout: Duration = .seconds(10),
        patience: Duration = .seconds(5)
    ) {
        self.topics = topics
        self.admin = admin
        self.timeout = timeout
        self.patience = patience
    }

    /// Checks the four topics. The report names what it skipped because the broker does not support the request.
    ///
    /// Brokers learn of new topics and settings one after the other, and any of them may answer. So an obstacle counts only if
    /// repeated checks find one for the length of the patience.
    ///
    /// - Parameters:
    ///   - settings: whether to ask for the topics' settings; a broker that does not know the question costs seconds.
    ///   - ends: whether to ask where the state's partitions begin, which costs a request for each.
    ///   - onObstacle: called with the report before each repetition.
    /// - Throws: `KafkaError` when the cluster does not answer.
    public func check(
        settings: Bool = true,
        ends: Bool = true,
        onObstacle: (TopicReport) -> Void = { _ in }
    ) async throws(KafkaError) -> TopicReport {
        var deadline: ContinuousClock.Instant?
        while true {
            let report = try await checkOnce(settings: settings, ends: ends)
            let end = deadline ?? .now + patience
            deadline = end
            if report.obstacles.isEmpty || .now >= end { return report }
            onObstacle(report)
            guard await slept(for: .milliseconds(500)) else { return report }
        }
    }

    /// The topics with what they are for, in the order in which people read about them.
    var roles: [(role: TopicRole, name: String)] {
        [
            (.jobs, topics.jobs), (.results, topics.results), (.state, topics.state),
            (.deadLetter, topics.deadLetter),
        ]
    }
}
