import WorkerRuntime

/// What is wrong with Kafka at present, by what can show that it is resolved: the state of `ConnectionMonitor`. Of several
/// problems that stop the worker the most specific one counts, in whatever order librdkafka reports them: it often reports
/// "all brokers are down" before the reason.
///
/// A value without a clock: time arrives with each call.
struct ProblemBoard {
    /// What a problem is about; each has evidence of its own that it is over.
    enum Scope: Hashable {
        /// The connections to the brokers.
        case connections
        /// The addresses that brokers advertise.
        case addresses
        /// A topic.
        case topic(String)
        /// The consumer group.
        case group
    }

    private struct Entry {
        var problem: LogProblem
        var last: ContinuousClock.Instant
    }

    private var entries: [Scope: Entry] = [:]
    /// What librdkafka reported about single brokers: no problem while others answer, and the reason when none does.
    private var hint: Entry?

    /// A reason that was not repeated for so long is replaced by a newer one that is less specific. librdkafka suppresses
    /// equal messages for half a minute.
    static let memory: Duration = .seconds(60)
    /// A broker that refuses the credentials or TLS counts for so long, though others answer: connections that were open
    /// before stay open, and the next one will fail too.
    static let refusalMemory: Duration = .seconds(40)

    /// The scope of a cause.
    static func scope(of problem: LogProblem) -> Scope {
        switch problem.cause {
        case .topicRights, .topicMissing: .topic(problem.subject)
        // The others are what the group's coordinator objects to, such as a session time-out.
        case .groupRights, .groupProtocol, .other: .group
        case .brokerAddress: .addresses
        default: .connections
        }
    }

    /// Something is wrong.
    mutating func add(_ problem: LogProblem, at now: ContinuousClock.Instant) {
        let scope = Self.scope(of: problem)
        if let known = entries[scope], known.problem.cause.specificity > problem.cause.specificity,
            known.last.duration(to: now) < Self.memory
        {
            // Nothing answers any more: what was refused on new connections only is all that is known now.
            if scope == .connections, problem.cause == .unreachable { entries[scope]?.problem.isPartial = false }
            return
        }
        entries[scope] = Entry(problem: problem, last: now)
    }

    /// One broker cannot be reached.
    mutating func addHint(_ problem: LogProblem, at now: ContinuousClock.Instant) {
        if let hint, hint.problem.cause.specificity > problem.cause.specificity,
            hint.last.duration(to: now) < Self.memory
        {
            return
        }
        hint = Entry(problem: problem, last: now)
    }

    /// A broker has answered.
    mutating func connected(at now: ContinuousClock.Instant) {
        hint = nil
        guard var entry = entries[.connections] else { return }
        let isRefusal = entry.problem.cause == .authentication || entry.problem.cause == .encryption
        if isRefusal, entry.last.duration(to: now) < Self.refusalMemory {
            entry.problem.isPartial = true
            entries[.connections] = entry
        } else {
            entries[.connections] = nil
        }
    }

    /// There is evidence that the problem is resolved.
    mutating func clear(_ scope: Scope) { entries[scope] = nil }

    func has(_ scope: Scope) -> Bool { entries[scope] != nil }

    var isEmpty: Bool { entries.isEmpty }

    /// Topics with a problem.
    var topics: [String] {
        entries.keys.compactMap { if case .topic(let name) = $0 { name } else { nil } }.sorted()
    }

    /// Whether a broker could not be reached recently.
    func hasHint(at now: ContinuousClock.Instant) -> Bool {
        hint.map { $0.last.duration(to: now) < Self.memory } ?? false
    }

    /// The problem to report: one that stops the worker before those that do not, then the most specific one.
    func worst(at now: ContinuousClock.Instant) -> LogProblem? {
        var problems = entries.values.map(\.problem)
        if let down = entries[.connections]?.problem, down.cause == .unreachable, let hint,
            hint.last.duration(to: now) < Self.memory
        {
            problems.append(hint.problem)
        }
        return problems.max {
            ($0.isPartial ? 0 : 1, $0.cause.specificity) < ($1.isPartial ? 0 : 1, $1.cause.specificity)
        }
    }
}
