import KafkaClient
import Synchronization
import WorkerRuntime

/// Reports what is wrong with Kafka, and when it is resolved: librdkafka reports only the former. `KafkaLog` owns it.
///
/// Callbacks, commits and probes call it from threads of their own. It calls the sink under the lock, so that the reports
/// have the order of the changes.
final class ConnectionMonitor: Sendable {
    private struct State {
        var board = ProblemBoard()
        var reported: LogProblem?
        var probing: Task<Void, Never>?
        var isStopped = false
    }

    /// What shows that a problem is over.
    struct Probes: Sendable {
        /// Asks a broker; `nil` when one has answered.
        var broker: @Sendable () async -> KafkaError?
        /// Reads from a topic; `nil` when that works, and unknown when neither is known.
        var topic: @Sendable (String) async -> Result<Void, KafkaError>?
        /// Whether the group answers this member, and has not excluded it.
        var group: @Sendable () async -> Bool = { false }
    }

    private let state = Mutex(State())
    private let tasks = OwnedTasks()
    private let configuration: KafkaLogConfiguration
    private let probes: Probes
    private let sink: any LogSink
    private let interval: Duration

    init(
        _ configuration: KafkaLogConfiguration,
        probes: Probes,
        sink: any LogSink,
        interval: Duration = .seconds(1)
    ) {
        self.configuration = configuration
        self.probes = probes
        self.sink = sink
        self.interval = interval
    }

    /// An error of the consumer: of the client as a whole, or of one partition.
    func failed(_ error: KafkaError) {
        var problem = LogProblem(error, configuration)
        // librdkafka names the topic in its message only; the consumer reads one topic.
        if problem.subject.isEmpty, [.topicMissing, .topicRights].contains(problem.cause) {
            problem.subject = configuration.topics.jobs
            if problem.cause == .topicRights { problem.rights = configuration.topics.rights(on: problem.subject) }
        }
        let isOfOneBroker = error.code == .transport || error.code == .unresolved
        change { board, now in
            if isOfOneBroker { board.addHint(problem, at: now) } else { board.add(problem, at: now) }
        }
    }

    /// A broker has answered.
    func connected() { change { board, now in board.connected(at: now) } }

    /// The group has answered, or takes this member's commits.
    func groupAnswered() {
        change { board, now in
            board.connected(at: now)
            board.clear(.group)
        }
    }

    /// Brokers that cannot be reached under the addresses that they advertise; `nil` when all can be, or none is known.
    func addresses(_ problem: LogProblem?) {
        change { board, now in
            if let problem { board.add(problem, at: now) } else { board.clear(.addresses) }
        }
    }

    /// Whether something is wrong with connections, also of single brokers.
    var isSuspicious: Bool {
        state.withLock { state in
            state.board.has(.connections) || state.board.has(.addresses) || state.board.hasHint(at: .now)
        }
    }

    /// Reports nothing any more.
    func stop() {
        state.withLock { state in
            state.isStopped = true
            state.probing?.cancel()
        }
    }

    /// Waits for the last probe, after ``stop()``.
    func end() async { await tasks.end() }

    private func change(_ body: (inout ProblemBoard, ContinuousClock.Instant) -> Void) {
        state.withLock { state in
            guard !state.isStopped else { return }
            let now = ContinuousClock.now
            body(&state.board, now)
            let worst = state.board.worst(at: now)
            if worst != state.reported {
                state.reported = worst
                sink.connection(problem: worst)
            }
            if state.board.isEmpty {
                state.probing?.cancel()
                state.probing = nil
            } else if state.probing == nil {
                state.probing = tasks.start { await self.probeUntilResolved() }
            }
        }
    }

    private func probeUntilResolved() async {
        while await slept(for: interval) {
            let (hasConnections, isOfGroup, topics) = state.withLock {
                ($0.board.has(.connections), $0.board.has(.group), $0.board.topics)
            }
            if hasConnections { await probeBroker() }
            // A member without commits has no other evidence; one that has not joined has its assignment.
            if isOfGroup, await probes.group(), !Task.isCancelled { groupAnswered() }
            for topic in topics {
                guard !Task.isCancelled else { return }
                if case .success? = await probes.topic(topic) { change { board, _ in board.clear(.topic(topic)) } }
            }
        }
    }

    private func probeBroker() async {
        let failure = await probes.broker()
        guard !Task.isCancelled else { return }
        // A broker that refuses a right has answered.
        switch failure.map({ LogProblem.Cause($0.code) }) {
        case .unreachable, .unresolved, .notKafka, .encryption, .authentication: break
        default: connected()
        }
    }
}
