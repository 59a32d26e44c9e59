import Foundation
public import PayoutSandbox

/// What a run came to, held against the sandbox's journal.
public struct EnduranceReport: Sendable {
    /// How many exports were wanted.
    public let journeys: Int
    /// How many of them were completed.
    public let completed: Int
    /// How many were gone at the service, which the journal confirms.
    public let vanished: Int
    /// What is wrong, in words; nothing when all is well.
    public let problems: [String]
    /// The sandbox's counts.
    public let stats: PayoutSandbox.Stats
    /// How long it took.
    public let duration: Duration

    private static let shownProblems = 20

    init(
        journeys: [Journey],
        exports: [PayoutSandbox.ExportFacts],
        stats: PayoutSandbox.Stats,
        duration: Duration
    ) {
        let facts = Dictionary(exports.map { ($0.requestID.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })
        var problems = Self.problems(of: exports, stats)
        var created: Set<String> = []
        for journey in journeys {
            created.formUnion(journey.attempts.map { $0.idempotencyID.uuidString.lowercased() })
            problems += Self.problems(of: journey, facts)
        }
        let known = Set(exports.compactMap { $0.idempotencyID?.lowercased() })
        let missing = created.subtracting(known).count
        let foreign = known.subtracting(created).count
        if missing > 0 { problems.append("\(missing) idempotency ids have no export") }
        if foreign > 0 { problems.append("\(foreign) exports have an idempotency id that nobody sent") }
        self.journeys = journeys.count
        self.completed = journeys.count { $0.end == .done }
        self.vanished = journeys.count { $0.end == .missing }
        self.problems = Array(problems.prefix(Self.shownProblems))
        self.stats = stats
        self.duration = duration
    }

    private static func problems(of exports: [PayoutSandbox.ExportFacts], _ stats: PayoutSandbox.Stats) -> [String] {
        var problems = exports.filter { $0.exportsOfIdempotencyID != 1 }.map {
            "\($0.exportsOfIdempotencyID) exports under the idempotency id \($0.idempotencyID ?? "none")"
        }
        for (count, what) in [
            (stats.duplicateExports, "exports were created twice"), (stats.idempotencyConflicts, "ids were used twice"),
            (stats.createsWithoutIdempotencyID, "creations had no id"),
            (stats.authorizationLeaks, "downloads carried a token"),
        ] where count > 0 { problems.append("\(count) \(what)") }
        return problems
    }

    /// Whether a journey ended as the sandbox's journal says that it had to.
    private static func problems(of journey: Journey, _ facts: [String: PayoutSandbox.ExportFacts]) -> [String] {
        let name = "journey \(journey.plan.number)"
        var problems: [String] = []
        let states = journey.attempts.map { $0.requestID.flatMap { facts[$0.lowercased()]?.state } }
        // All but the last were given up by the service.
        for state in states.dropLast() where state != .failed && state != .vanished {
            problems.append("\(name): queued anew although its export is \(state.map(\.rawValue) ?? "unknown")")
        }
        switch (journey.end, states.last ?? nil) {
        case (.done, .completed) where !journey.plan.deletes, (.done, .deleted) where journey.plan.deletes,
            (.missing, .vanished):
            break
        // Between its completion and its deletion an export may vanish: that is no fault of the client's.
        case (.done, .vanished): break
        case (.givenUp(let reason), _): problems.append("\(name): given up: \(reason)")
        case (let end, let state):
            problems.append("\(name): ended as \(end), its export is \(state.map(\.rawValue) ?? "unknown")")
        }
        return problems
    }

    /// Calls of the export API, those that failed by design included.
    public var calls: Int { self.stats.exportCalls }

    /// Faults that happened, all together.
    public var faults: Int { self.stats.faults.values.reduce(0, +) }

    /// The kinds of faults that happened.
    public var kindsOfFaults: Set<String> { Set(self.stats.faults.keys) }
}
