import Foundation
public import PayoutSandbox

/// The result of a run, compared with the sandbox's journal.
public struct EnduranceReport: Sendable {
    /// How many exports were requested.
    public let scenarios: Int
    /// How many of them were completed.
    public let completed: Int
    /// How many were gone at the service, which the journal confirms.
    public let vanished: Int
    /// The problems as text; empty when there are none.
    public let problems: [String]
    /// The sandbox's counts.
    public let stats: PayoutSandbox.Stats
    /// How long it took.
    public let duration: Duration

    private static let shownProblems = 20

    init(
        scenarios: [Scenario],
        exports: [PayoutSandbox.ExportFacts],
        stats: PayoutSandbox.Stats,
        duration: Duration
    ) {
        let facts = Dictionary(exports.map { ($0.requestID.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })
        var problems = Self.problems(of: exports, stats)
        var created: Set<String> = []
        for scenario in scenarios {
            created.formUnion(scenario.attempts.map { $0.idempotencyID.uuidString.lowercased() })
            problems += Self.problems(of: scenario, facts)
        }
        let known = Set(exports.compactMap { $0.idempotencyID?.lowercased() })
        let missing = created.subtracting(known).count
        let foreign = known.subtracting(created).count
        if missing > 0 { problems.append("\(missing) idempotency ids have no export") }
        if foreign > 0 { problems.append("\(foreign) exports have an idempotency id that no scenario sent") }
        self.scenarios = scenarios.count
        self.completed = scenarios.count { $0.end == .done }
        self.vanished = scenarios.count { $0.end == .missing }
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

    /// The differences between a scenario's end and the sandbox's journal.
    private static func problems(of scenario: Scenario, _ facts: [String: PayoutSandbox.ExportFacts]) -> [String] {
        let name = "scenario \(scenario.plan.number)"
        var problems: [String] = []
        let states = scenario.attempts.map { $0.requestID.flatMap { facts[$0.lowercased()]?.state } }
        // The service gave up all except the last.
        for state in states.dropLast() where state != .failed && state != .vanished {
            problems.append("\(name): queued again although its export is \(state.map(\.rawValue) ?? "unknown")")
        }
        switch (scenario.end, states.last ?? nil) {
        case (.done, .completed) where !scenario.plan.deletes, (.done, .deleted) where scenario.plan.deletes,
            (.missing, .vanished):
            break
        // An export may vanish between its completion and its deletion, which is not the client's fault.
        case (.done, .vanished): break
        case (.givenUp(let reason), _): problems.append("\(name): given up: \(reason)")
        case (let end, let state):
            problems.append("\(name): ended as \(end), its export is \(state.map(\.rawValue) ?? "unknown")")
        }
        return problems
    }

    /// Calls of the export API, including those with an injected fault.
    public var calls: Int { self.stats.exportCalls }

    /// Faults that happened, all together.
    public var faults: Int { self.stats.faults.values.reduce(0, +) }
}
