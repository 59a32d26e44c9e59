import ExportCore

/// Finds a smaller simulation that still fails: first without faults that it does not need, then with fewer jobs, then
/// with fewer injected faults.
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
    let jobs = options.onlyJobs ?? Set(0..<failing.jobs)
    options.onlyJobs = smallestSubset(of: jobs) { part in
        var fewer = options
        fewer.onlyJobs = part
        return fails(fewer)
    }
    let strikes = options.onlyStrikes ?? Set(1...max(1, failing.strikes))
    options.onlyStrikes = smallestSubset(of: strikes) { part in
        var fewer = options
        fewer.onlyStrikes = part
        return fails(fewer)
    }
    return smallest
}

/// Removes smaller and smaller parts of a set while the rest still fails (delta debugging: halves first, single
/// elements last). `all` is known to fail.
func smallestSubset(of all: Set<Int>, failing fails: (Set<Int>) -> Bool) -> Set<Int> {
    var kept = all.sorted()
    var part = max(1, kept.count / 2)
    while true {
        var start = 0
        while start < kept.count {
            let fewer = Array(kept[..<start] + kept[min(kept.count, start + part)...])
            if fails(Set(fewer)) { kept = fewer } else { start += part }
        }
        guard part > 1 else { return Set(kept) }
        part /= 2
    }
}

extension SimulationOutcome {
    /// The command that repeats the simulation and shows every step.
    public var replayCommand: String {
        var command = "swift run -c release simulate --seed \(options.seed)"
        if options.delivery != .exactlyOnce { command += " --delivery \(options.delivery.rawValue)" }
        if options.faults.isEmpty {
            command += " --faults none"
        } else if options.faults != .all {
            command += " --faults \(options.faults.list.joined(separator: ","))"
        }
        if let jobs = options.jobs { command += " --jobs \(jobs)" }
        if let jobs = options.onlyJobs { command += " --only-jobs \(Self.list(jobs))" }
        if let strikes = options.onlyStrikes { command += " --only-strikes \(Self.list(strikes))" }
        if options.recreatesJobs { command += " --recreate-jobs" }
        if let name = options.disabledChecks.name { command += " --without \(name)" }
        return command + " --trace"
    }

    private static func list(_ numbers: Set<Int>) -> String {
        numbers.isEmpty ? "none" : numbers.sorted().map(String.init).joined(separator: ",")
    }

    /// The violation, the last steps before it, and the command that shows all steps.
    public func report(steps: Int) -> String {
        guard let violation else { return "seed \(options.seed): no violation" }
        var options = options
        options.traces = true
        let trace = Simulation(options).run().trace.suffix(steps)
        return (["seed \(options.seed): \(violation)"] + trace.map { "  " + $0 } + ["replay: \(replayCommand)"])
            .joined(separator: "\n")
    }
}

extension DisabledChecks {
    /// The names of the checks that can be disabled.
    public static let names = [
        "epoch-check", "records-first", "deduplication", "offsets-in-transaction", "generation-snapshot",
        "early-generation", "output-bound", "refusal-isolation", "continuity-check", "download-turns",
        "batch-events", "batch-retention", "batch-deadline", "pauses", "ends-of-pauses",
    ]

    /// Disables one check; `nil` for an unknown name.
    public init?(name: String) {
        self.init()
        switch name {
        case "epoch-check": safeguards.epochCheck = false
        case "records-first": safeguards.recordsFirst = false
        case "deduplication": safeguards.deduplication = false
        case "offsets-in-transaction": safeguards.offsetsInTransaction = false
        case "generation-snapshot": generation = .fresh
        case "early-generation": generation = .late
        case "output-bound": boundsOutputs = false
        case "refusal-isolation": isolatesRefusals = false
        case "continuity-check": checksContinuity = false
        case "download-turns": safeguards.downloadTurns = false
        case "batch-events": safeguards.batchEvents = false
        case "batch-retention": safeguards.batchRetention = false
        case "batch-deadline": safeguards.batchDeadline = false
        case "pauses": safeguards.pauses = false
        case "ends-of-pauses": safeguards.endsOfPauses = false
        default: return nil
        }
    }

    var name: String? { Self.names.first { DisabledChecks(name: $0) == self } }
}
