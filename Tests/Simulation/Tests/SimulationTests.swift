import ExportCore
import Foundation
import Testing

@testable import SimulationHarness

@Suite struct SimulationTests {
    /// Seeds that `swift test` lives through; `simulate --seeds` goes on from there.
    static let seeds: Range<UInt64> = 0..<150

    @Test(arguments: Delivery.allCases)
    func nothingBreaksAndWhatMayGoWrongDoes(delivery: Delivery) {
        var counts: [String: Int] = [:]
        for seed in Self.seeds {
            let outcome = Simulation(SimulationOptions(seed: seed, delivery: delivery)).run()
            counts.merge(outcome.counts) { $0 + $1 }
            guard outcome.violation == nil else {
                Issue.record("\(shrink(outcome).report(steps: 40))")
                return
            }
        }
        var wanted = [
            "crash", "freeze", "zombie", "illegal generation", "producer died", "offsets lost", "late answer", "lost",
            "duplicate", "account paused", "intake paused: pending",
        ]
        if delivery == .atLeastOnce { wanted += ["event repeated", "overwrite"] }
        // Every way in which a job can end, those of later versions too.
        wanted += JobStatus.allCases.map { "ended: \($0)" } + JobErrorCode.allCases.map { "error: \($0)" }
        for name in wanted { #expect(counts[name] ?? 0 > 0, "\(name) never happened") }
    }

    /// Seeds that broke something once.
    @Test(arguments: [793, 910, 942, 1_453, 3_604, 20_162, 22_076] as [UInt64])
    func whatBrokeOnceStaysWhole(seed: UInt64) {
        let outcome = Simulation(SimulationOptions(seed: seed)).run()
        #expect(outcome.violation == nil, "\(outcome.report(steps: 40))")
    }

    /// The search begins where a failure was last found, to be quick.
    @Test(
        arguments: [
            ("epoch-check", 13), ("records-first", 0), ("deduplication", 0), ("offsets-in-transaction", 34),
            ("generation-snapshot", 2), ("early-generation", 79),
        ] as [(String, UInt64)]
    )
    func aMissingSafeguardIsNoticed(name: String, start: UInt64) throws {
        let sabotage = try #require(Sabotage(name: name))
        let caught = (start..<(start + 1_000)).first { seed in
            Simulation(SimulationOptions(seed: seed, sabotage: sabotage)).run().violation != nil
        }
        #expect(caught != nil, "a thousand seeds did not notice that \(name) is missing")
    }

    @Test func theSameSeedIsTheSameLife() {
        for seed in 0..<10 as Range<UInt64> {
            let (first, second) = (Simulation(SimulationOptions(seed: seed)), Simulation(SimulationOptions(seed: seed)))
            #expect(first.run().digest == second.run().digest)
        }
    }

    @Test func tracingChangesNothing() {
        let plain = Simulation(SimulationOptions(seed: 3)).run()
        let traced = Simulation(SimulationOptions(seed: 3, traces: true)).run()
        #expect(plain.digest == traced.digest)
        #expect(!traced.trace.isEmpty)
    }

    @Test func aFailureIsShrunkAndCanBeReplayed() throws {
        let sabotage = try #require(Sabotage(name: "deduplication"))
        let failing = Simulation(SimulationOptions(seed: 0, sabotage: sabotage)).run()
        try #require(failing.violation != nil)
        let small = shrink(failing)
        #expect(small.violation != nil)
        #expect(small.jobs <= 2)
        #expect(small.strikes <= 2)
        #expect(small.options.faults.list.count < failing.finalFaults.list.count)
        #expect(small.replayCommand.contains("--seed 0 --faults"))
        #expect(small.report(steps: 5).contains("VIOLATION"))
    }

    @Test func aSmallestSubsetIsFound() {
        let found = smallestSubset(of: Set(0..<100)) { $0.isSuperset(of: [3, 57, 58]) }
        #expect(found == [3, 57, 58])
        #expect(smallestSubset(of: [1, 2]) { _ in true }.isEmpty)
    }

    /// The oracle knows the rules from the document, and from nowhere else.
    @Test func theOraclePermitsWhatIsDocumented() throws {
        let document = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
            .appendingPathComponent("Sources/ExportCore/ExportCore.docc/Life-of-a-job.md")
        let rows = try String(contentsOf: document, encoding: .utf8).split(separator: "\n").filter {
            $0.hasPrefix("| ")
        }
        let documented = Set(
            rows.map { row in
                let cells = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
                return "\(cells[0]) to \(cells[2])"
            }
        )
        for from in [nil] + JobPhase.allCases.map({ Optional($0) }) {
            for to in JobPhase.allCases where from != to {
                let isDocumented = documented.contains("\(from.map { "\($0)" } ?? "new") to \(to)")
                #expect(Oracle.permits(from, to) == isDocumented, "\(from.map { "\($0)" } ?? "new") to \(to)")
            }
        }
    }
}
