import Synchronization

/// An unsuitable setting of a topic, as the console reports it.
package struct TopicProblem: Sendable, Hashable {
    /// The topic's name.
    package var topic: String
    /// What is wrong with it.
    package var message: String
    /// The command that corrects it.
    package var remedy: String
    /// Whether a worker would not start with it.
    package var isBlocking: Bool

    /// Creates a problem.
    package init(topic: String, message: String, remedy: String, isBlocking: Bool) {
        self.topic = topic
        self.message = message
        self.remedy = remedy
        self.isBlocking = isBlocking
    }
}

/// Problems that are found outside the engine: of the file store, the topics' settings, configuration reloads and
/// refresh tokens. The checks report them here, and the console shows them.
package final class ReportedProblems: Sendable {
    /// The current problems.
    package struct Figures: Sendable, Equatable {
        /// Why the file store accepts no files; `nil` when it does.
        package var store: String?
        /// What is wrong with the topics' settings.
        package var topics: [TopicProblem] = []
        /// Configuration reloads since the start.
        package var reloads = Reloads()
        /// The state of the refresh tokens, by account.
        package var refreshTokens: [RefreshTokenReport] = []

        /// Creates figures without a problem.
        package init() {}
    }

    /// Configuration reloads since the start.
    package struct Reloads: Sendable, Equatable {
        package var done = 0
        package var failed = 0
        /// Why the newest one failed; `nil` when it did not.
        package var problem: String?
    }

    /// What notices that the file store accepts no files.
    package enum StoreObserver: Sendable, Hashable {
        /// The periodic check.
        case check
        /// Downloads of the engine.
        case downloads
    }

    private struct State {
        var figures = Figures()
        /// Those that have noticed the present outage of the store and not its end.
        var outage: Set<StoreObserver> = []
    }

    private let state = Mutex(State())

    /// Creates one without a problem.
    package init() {}

    package var figures: Figures { state.withLock { $0.figures } }

    /// The file store accepts files (`nil`), or why it does not.
    ///
    /// - Returns: whether an outage begins or ends for the worker: each observer notices the same outage at another time, and it
    ///   is to be logged once.
    package func store(_ problem: String?, noticedBy observer: StoreObserver) -> Bool {
        state.withLock { state in
            if observer == .check { state.figures.store = problem }
            let was = state.outage.isEmpty
            if problem == nil { state.outage.remove(observer) } else { state.outage.insert(observer) }
            return state.outage.isEmpty != was
        }
    }

    /// What is wrong with the topics now.
    package func topics(_ problems: [TopicProblem]) { state.withLock { $0.figures.topics = problems } }

    /// The current state of the refresh tokens, one report per account that has one.
    package func refreshTokens(_ reports: [RefreshTokenReport]) {
        state.withLock { $0.figures.refreshTokens = reports }
    }

    /// The configuration was read again (`nil`), or why it was not.
    package func reloaded(_ problem: String?) {
        state.withLock { state in
            if problem == nil { state.figures.reloads.done += 1 } else { state.figures.reloads.failed += 1 }
            state.figures.reloads.problem = problem
        }
    }
}
