public import WorkerRuntime

/// The topics' names.
public struct KafkaTopicNames: Sendable, Hashable {
    /// Jobs and cancel commands, written by other systems.
    public var jobs = "payout.export.jobs"
    /// Completion events.
    public var results = "payout.export.results"
    /// The worker's own changelog.
    public var state = "payout.export.state"
    /// What could not be read as a job.
    public var deadLetter = "payout.export.dead-letter"

    /// Creates the default names.
    public init() {}

    /// The name of a topic that the worker writes.
    public func name(of topic: LogTopic) -> String {
        switch topic {
        case .state: state
        case .results: results
        case .deadLetter: deadLetter
        }
    }

    /// The topics that the worker writes.
    public var written: [String] { [state, results, deadLetter] }
    /// All topics.
    public var all: [String] { [jobs, results, state, deadLetter] }
}

extension KafkaTopicNames {
    /// The rights that a worker needs on a topic.
    func rights(on topic: String?) -> [String] {
        switch topic {
        case jobs: ["Read", "Describe"]
        case state: ["Read", "Write", "Describe"]
        case results, deadLetter: ["Write", "Describe"]
        default: ["Describe"]
        }
    }
}
