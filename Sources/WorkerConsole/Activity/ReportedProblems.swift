import Synchronization

/// A topic's setting that a worker should not run with, as the console tells it.
public struct TopicProblem: Sendable, Hashable {
    /// The topic's name.
    public var topic: String
    /// What is wrong with it.
    public var message: String
    /// The command that mends it.
    public var remedy: String
    /// Whether a worker would not start with it.
    public var isBlocking: Bool

    /// Creates a problem.
    public init(topic: String, message: String, remedy: String, isBlocking: Bool) {
        self.topic = topic
        self.message = message
        self.remedy = remedy
        self.isBlocking = isBlocking
    }
}

/// What is found out beside the engine: whether the file store takes files, and whether the topics are as they
/// should be. Whoever finds out tells it here, and the console shows it.
public final class ReportedProblems: Sendable {
    struct Figures: Sendable, Equatable {
        var store: String?
        var topics: [TopicProblem] = []
        var reloads = Reloads()
    }

    /// Configuration reloads since the start.
    struct Reloads: Sendable, Equatable {
        var done = 0
        var failed = 0
        /// Why the newest one failed; `nil` when it did not.
        var problem: String?
    }

    private let state = Mutex(Figures())

    /// Creates one that knows of no problem.
    public init() {}

    var figures: Figures { state.withLock { $0 } }

    /// The file store takes files (`nil`), or why it does not.
    public func store(_ problem: String?) { state.withLock { $0.store = problem } }

    /// What is wrong with the topics now.
    public func topics(_ problems: [TopicProblem]) { state.withLock { $0.topics = problems } }

    /// The configuration was read again (`nil`), or why it was not.
    public func reloaded(_ problem: String?) {
        state.withLock { state in
            if problem == nil { state.reloads.done += 1 } else { state.reloads.failed += 1 }
            state.reloads.problem = problem
        }
    }
}
