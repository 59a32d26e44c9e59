import SimulationHarness

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The command-line arguments.
struct Arguments: Sendable {
    var seeds: UInt64 = 1_000
    var firstSeed: UInt64 = 0
    var seed: UInt64?
    var faults = Faults.all
    var jobs: Int?
    var onlyJobs: Set<Int>?
    var onlyStrikes: Set<Int>?
    var delivery = Delivery.exactlyOnce
    var disabledChecks = DisabledChecks()
    var traces = false
    var recreatesJobs = false
    var parallel: UInt64 = 2
    var measuresMemory = false
    /// The folder of the report, which a run that is started again continues; nil for none.
    var report: String?
    /// The version of the code, without which a report is not continued.
    var revision = ""

    static let usage = """
        usage: simulate [--seeds COUNT] [--from SEED] [--parallel COUNT] [--report FOLDER --revision NAME]
               simulate --seed SEED [--trace]
               simulate --memory [--jobs COUNT]
        also: --recreate-jobs, --delivery exactly-once|at-least-once, --jobs COUNT, --faults NAME,NAME… (or none), --without CHECK,
              --only-jobs NUMBER,NUMBER…, --only-strikes NUMBER,NUMBER… (or none)
        faults: \(Faults.names.joined(separator: " "))
        checks: \(DisabledChecks.names.joined(separator: " "))
        """

    init?(_ words: ArraySlice<String>) {
        var words = words
        while let word = words.popFirst() {
            switch word {
            case "--trace": traces = true
            case "--recreate-jobs": recreatesJobs = true
            case "--memory": measuresMemory = true
            default:
                guard let value = words.popFirst(), set(word, to: value) else { return nil }
            }
        }
    }

    private mutating func set(_ name: String, to value: String) -> Bool {
        switch (name, UInt64(value)) {
        case ("--seeds", let number?): seeds = number
        case ("--from", let number?): firstSeed = number
        case ("--seed", let number?): seed = number
        case ("--jobs", let number?): jobs = Int(number)
        case ("--parallel", let number?) where number > 0: parallel = number
        case ("--only-jobs", _), ("--only-strikes", _):
            let numbers = value == "none" ? [] : value.split(separator: ",").map { Int($0) }
            guard numbers.allSatisfy({ $0 != nil }) else { return false }
            if name == "--only-jobs" {
                onlyJobs = Set(numbers.compactMap { $0 })
            } else {
                onlyStrikes = Set(numbers.compactMap { $0 })
            }
        case ("--report", _): report = value
        case ("--revision", _): revision = value
        case ("--delivery", _):
            guard let delivery = Delivery(rawValue: value) else { return false }
            self.delivery = delivery
        case ("--faults", _):
            faults = []
            for name in value.split(separator: ",") where name != "none" {
                guard let fault = Faults(name: String(name)) else { return false }
                faults.formUnion(fault)
            }
        case ("--without", _):
            guard let disabledChecks = DisabledChecks(name: value) else { return false }
            self.disabledChecks = disabledChecks
        default: return false
        }
        return true
    }

    /// Whether every seed has all its faults and jobs, so that a long run must meet everything.
    var isComplete: Bool {
        faults == .all && jobs == nil && onlyJobs == nil && onlyStrikes == nil && disabledChecks == DisabledChecks()
            && !recreatesJobs
    }

    /// What determines the outcomes of seeds, as a text.
    var mode: String {
        [
            revision, delivery.rawValue, faults.list.joined(separator: ","), jobs.map(String.init) ?? "",
            "\(recreatesJobs)", "\(disabledChecks)", "\(firstSeed)",
        ].joined(separator: " ")
    }

    func options(seed: UInt64) -> SimulationOptions {
        var options = SimulationOptions(
            seed: seed,
            faults: faults,
            delivery: delivery,
            jobs: jobs,
            traces: traces,
            disabledChecks: disabledChecks
        )
        options.recreatesJobs = recreatesJobs
        options.onlyJobs = onlyJobs
        options.onlyStrikes = onlyStrikes
        return options
    }
}

func exitStatus(_ status: Int32) -> Never { exit(status) }
