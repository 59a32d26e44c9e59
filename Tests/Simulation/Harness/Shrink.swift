import ExportCore

/// Finds a smaller simulation that still fails: first without faults that it does not need, then with fewer jobs.
public func shrink(_ failing: SimulationOutcome) -> SimulationOutcome {
    var smallest = failing
    func fails(_ options: SimulationOptions) -> Bool {
        let outcome = Simulation(options).run()
        if outcome.violation != nil { smallest = outcome }
        return outcome.violation != nil
    }
    var options = failing.options
    options.faults = failing.finalFaults
    options.traces = false
    guard fails(options) else { return failing }
    for name in options.faults.list {
        var fewer = options
        if let fault = Faults(name: name) { fewer.faults.subtract(fault) }
        if fails(fewer) { options = fewer }
    }
    var jobs = failing.jobs
    while jobs > 1 {
        var fewer = options
        fewer.jobs = jobs / 2
        if !fails(fewer) {
            fewer.jobs = jobs - 1
            guard fails(fewer) else { break }
        }
        options = fewer
        jobs = fewer.jobs ?? 1
    }
    return smallest
}

extension SimulationOutcome {
    /// The command that lives through the same once more and shows every step.
    public var replayCommand: String {
        var command = "swift run -c release simulate --seed \(options.seed)"
        if options.faults != .all { command += " --faults \(options.faults.list.joined(separator: ","))" }
        if options.faults.isEmpty { command += "none" }
        if let jobs = options.jobs { command += " --jobs \(jobs)" }
        if let name = options.sabotage.name { command += " --without \(name)" }
        return command + " --trace"
    }

    /// What was broken, the last steps before it, and how to see them all.
    public func report(steps: Int) -> String {
        guard let violation else { return "seed \(options.seed): nothing was broken" }
        var options = options
        options.traces = true
        let trace = Simulation(options).run().trace.suffix(steps)
        return (["seed \(options.seed): \(violation)"] + trace.map { "  " + $0 } + ["replay: \(replayCommand)"])
            .joined(separator: "\n")
    }
}

extension Sabotage {
    /// What can be left out, by name.
    public static let names = [
        "epoch-check", "records-first", "deduplication", "offsets-in-transaction", "generation-snapshot",
        "early-generation",
    ]

    /// Leaves out one safeguard; `nil` for a name that stands for none.
    public init?(name: String) {
        self.init()
        switch name {
        case "epoch-check": safeguards.epochCheck = false
        case "records-first": safeguards.recordsFirst = false
        case "deduplication": safeguards.deduplication = false
        case "offsets-in-transaction": safeguards.offsetsInTransaction = false
        case "generation-snapshot": generation = .fresh
        case "early-generation": generation = .late
        default: return nil
        }
    }

    var name: String? { Self.names.first { Sabotage(name: $0) == self } }
}
