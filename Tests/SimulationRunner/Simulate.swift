import SimulationHarness

/// Runs many seeds, or one of them step by step.
@main
struct Simulate {
    static func main() async {
        guard let arguments = Arguments(CommandLine.arguments.dropFirst()) else {
            print(Arguments.usage)
            exitStatus(64)
        }
        if arguments.measuresMemory {
            measureMemory(jobs: arguments.jobs ?? 1_000_000)
        } else if let seed = arguments.seed {
            one(arguments.options(seed: seed))
        } else {
            await many(arguments)
        }
    }

    private static func one(_ options: SimulationOptions) {
        let outcome = Simulation(options).run()
        for line in outcome.trace { print(line) }
        let faults = outcome.finalFaults.list.joined(separator: " ")
        print("seed \(options.seed): \(outcome.jobs) jobs, \(outcome.steps) steps, faults: \(faults)")
        for (name, count) in outcome.counts.sorted(by: { $0.key < $1.key }) { print("  \(name): \(count)") }
        guard let violation = outcome.violation else { return print("no violations") }
        print(violation)
        exitStatus(1)
    }

    /// How many seeds are simulated between two writes of the report.
    private static let portion: UInt64 = 5_000
    /// With fewer seeds a rare situation may be missing.
    private static let seedsForCoverage: UInt64 = 10_000

    private static func many(_ arguments: Arguments) async {
        let start = ContinuousClock.now
        var report = RunReport(arguments)
        let end = arguments.firstSeed + arguments.seeds
        while report.next < end, report.failedSeeds.count < 5 {
            let seeds = report.next..<min(end, report.next + portion)
            let summary = await withTaskGroup(of: Summary.self) { group in
                for number in 0..<arguments.parallel {
                    group.addTask { summarise(seeds, group: number, of: arguments) }
                }
                return await group.reduce(into: Summary()) { $0.add($1) }
            }
            report.add(summary, through: seeds)
            report.write(arguments)
            for failure in summary.failures.sorted(by: { $0.options.seed < $1.options.seed }).prefix(5) {
                print(shrink(failure).report(steps: 60))
            }
        }
        for (name, count) in report.counts.sorted(by: { $0.key < $1.key }) { print("  \(name): \(count)") }
        let days = report.virtualMilliseconds / 86_400_000
        let seeds = report.next - arguments.firstSeed
        print("\(seeds) seeds, \(report.steps) steps, \(days) days in \(ContinuousClock.now - start)")
        let missing = Coverage.missing(in: report.counts, delivery: arguments.delivery)
        let isCovered = missing.isEmpty || !arguments.isComplete || seeds < seedsForCoverage
        if !isCovered { print("never happened: \(missing.joined(separator: ", "))") }
        if report.failedSeeds.isEmpty {
            print("no violations")
        } else {
            print("seeds with violations: \(report.failedSeeds.sorted())")
        }
        if !isCovered || !report.failedSeeds.isEmpty { exitStatus(1) }
    }

    private static func summarise(_ seeds: Range<UInt64>, group: UInt64, of arguments: Arguments) -> Summary {
        var summary = Summary()
        for seed in seeds where seed % arguments.parallel == group {
            summary.add(Simulation(arguments.options(seed: seed)).run())
            if summary.failures.count >= 5 { break }
        }
        return summary
    }
}

/// The sum of the outcomes of many seeds.
struct Summary: Sendable {
    var steps = 0
    var virtualMilliseconds: Int64 = 0
    var counts: [String: Int] = [:]
    var failures: [SimulationOutcome] = []

    mutating func add(_ outcome: SimulationOutcome) {
        steps += outcome.steps
        virtualMilliseconds += outcome.virtualMilliseconds
        counts.merge(outcome.counts) { $0 + $1 }
        if outcome.violation != nil { failures.append(outcome) }
    }

    mutating func add(_ other: Summary) {
        steps += other.steps
        virtualMilliseconds += other.virtualMilliseconds
        counts.merge(other.counts) { $0 + $1 }
        failures += other.failures
    }
}
