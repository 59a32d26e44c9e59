import ExportCore
import Foundation
import Testing

@testable import SimulationHarness

@Suite(.ownThread) struct SimulationTests {
    /// The seeds of `swift test`; `simulate --seeds` runs more.
    static let seeds: Range<UInt64> = 0..<150

    @Test(arguments: Delivery.allCases)
    func seedsHaveNoViolationAndCoverEveryFault(delivery: Delivery) {
        var counts: [String: Int] = [:]
        for seed in Self.seeds {
            let outcome = Simulation(SimulationOptions(seed: seed, delivery: delivery)).run()
            counts.merge(outcome.counts) { $0 + $1 }
            guard outcome.violation == nil else {
                Issue.record("\(shrink(outcome).report(steps: 40))")
                return
            }
        }
        for name in Coverage.situations(delivery) { #expect(counts[name] ?? 0 > 0, "\(name) never happened") }
    }

    /// Jobs partitions are deleted and created again while workers run, crash and release partitions, and are filled
    /// below or beyond the old offsets. Every job of the new partitions must run.
    @Test(arguments: Delivery.allCases)
    func everyJobOfRecreatedTopicRuns(delivery: Delivery) {
        var counts: [String: Int] = [:]
        for seed in 0..<60 as Range<UInt64> {
            let outcome = Simulation(Self.recreating(seed, delivery)).run()
            counts.merge(outcome.counts) { $0 + $1 }
            guard outcome.violation == nil else {
                Issue.record("\(shrink(outcome).report(steps: 40))")
                return
            }
        }
        for name in ["recreated", "stopped", "recovered", "crash"] {
            #expect(counts[name] ?? 0 > 0, "\(name) never happened")
        }
    }

    @Test func oracleDetectsMissingContinuityCheck() throws {
        let caught = (0..<200 as Range<UInt64>).first { seed in
            var options = Self.recreating(seed, .exactlyOnce)
            options.disabledChecks.checksContinuity = false
            return Simulation(options).run().violation != nil
        }
        #expect(caught != nil, "no violation in two hundred seeds without the check")
    }

    private static func recreating(_ seed: UInt64, _ delivery: Delivery) -> SimulationOptions {
        let faults: Faults = [.crash, .scaling, .freeze, .abort, .unknownOutcome, .compaction, .errorBefore, .slow]
        var options = SimulationOptions(seed: seed, faults: faults, delivery: delivery)
        options.recreatesJobs = true
        return options
    }

    /// Seeds that once had a violation.
    @Test(
        arguments: [793, 910, 942, 1_453, 2_490, 3_604, 20_162, 22_076, 36_817, 79_367, 144_693, 270_217].map {
            ($0, .exactlyOnce)
        }
            + [13_084, 25_003, 411_430, 432_539].map { ($0, .atLeastOnce) } as [(UInt64, Delivery)]
    )
    func seedOfFormerViolationHasNone(seed: UInt64, delivery: Delivery) {
        let outcome = Simulation(SimulationOptions(seed: seed, delivery: delivery)).run()
        #expect(outcome.violation == nil, "\(outcome.report(steps: 40))")
    }

    /// To save time, the search starts at the seed of the last known violation.
    @Test(
        arguments: [
            ("epoch-check", 13), ("records-first", 0), ("deduplication", 0), ("offsets-in-transaction", 34),
            ("generation-snapshot", 2), ("early-generation", 62), ("output-bound", 0),
            ("refusal-isolation", 0), ("download-turns", 112), ("batch-events", 1), ("batch-retention", 1),
            ("batch-deadline", 21),
            ("pauses", 1), ("ends-of-pauses", 1),
        ] as [(String, UInt64)]
    )
    func oracleDetectsDisabledCheck(name: String, start: UInt64) throws {
        let disabledChecks = try #require(DisabledChecks(name: name))
        let caught = (start..<(start + 1_000)).first { seed in
            Simulation(SimulationOptions(seed: seed, disabledChecks: disabledChecks)).run().violation != nil
        }
        #expect(caught != nil, "no violation in a thousand seeds without \(name)")
    }

    @Test func sameSeedYieldsSameDigest() {
        for seed in 0..<10 as Range<UInt64> {
            let (first, second) = (Simulation(SimulationOptions(seed: seed)), Simulation(SimulationOptions(seed: seed)))
            #expect(first.run().digest == second.run().digest)
        }
    }

    @Test func tracingDoesNotChangeDigest() {
        let plain = Simulation(SimulationOptions(seed: 3)).run()
        let traced = Simulation(SimulationOptions(seed: 3, traces: true)).run()
        #expect(plain.digest == traced.digest)
        #expect(!traced.trace.isEmpty)
    }

    @Test func violationIsShrunkAndCanBeReplayed() throws {
        let disabledChecks = try #require(DisabledChecks(name: "deduplication"))
        let failing = Simulation(SimulationOptions(seed: 0, disabledChecks: disabledChecks)).run()
        try #require(failing.violation != nil)
        let small = shrink(failing)
        #expect(small.violation != nil)
        #expect(small.jobs <= 2)
        #expect(small.strikes <= 2)
        #expect(small.options.faults.list.count < failing.finalFaults.list.count)
        #expect(small.replayCommand.contains("--seed 0 --faults"))
        #expect(small.report(steps: 5).contains("VIOLATION"))
    }

    /// The event of a job that missed its deadline in a later attempt does not carry the request id of the slow export.
    @Test func jobWhoseFirstExportFailedNearDeadlineHadNoTime() throws {
        let worlds = (0..<100 as Range<UInt64>).lazy.map { Simulation(SimulationOptions(seed: $0)) }
        let world = try #require(worlds.first { $0.plan.longestExport == 24 * 3_600_000 })
        let now = world.plan.chaosEnd + 3_600_000
        let accepted = Instant(milliseconds: world.plan.start + now)
        let exports = (1...1_000).lazy.compactMap { attempt in
            world.service.export(world.service.create("job", attempt, life: accepted, at: now))
        }
        let export = try #require(exports.first { $0.ended > now + 6 * 3_600_000 })
        var job = ExportJob(id: "job", kind: .payments)
        job.deadline = Instant(milliseconds: world.plan.start + export.ended + 2_000)
        func event(acceptedAt accepted: Instant) -> CompletionEvent {
            CompletionEvent(
                jobID: "job",
                status: .failed,
                source: RecordSource(partition: 0, offset: 0),
                job: job,
                attempts: 2,
                times: JobTimes(accepted: accepted)
            )
        }
        #expect(!world.oracle.hadTime(event(acceptedAt: accepted), job))
        #expect(world.oracle.hadTime(event(acceptedAt: accepted.advanced(by: .seconds(-1))), job), "it had no export")
    }

    @Test func smallestFailingSubsetIsFound() {
        let found = smallestSubset(of: Set(0..<100)) { $0.isSuperset(of: [3, 57, 58]) }
        #expect(found == [3, 57, 58])
        #expect(smallestSubset(of: [1, 2]) { _ in true }.isEmpty)
    }

    /// The oracle permits exactly the documented transitions.
    @Test func oraclePermitsDocumentedTransitions() throws {
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
