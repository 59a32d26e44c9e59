import SimulationHarness

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the command line asks for.
struct Arguments: Sendable {
    var seeds: UInt64 = 1_000
    var firstSeed: UInt64 = 0
    var seed: UInt64?
    var faults = Faults.all
    var jobs: Int?
    var sabotage = Sabotage()
    var traces = false
    var parallel: UInt64 = 2
    var measuresMemory = false

    static let usage = """
        usage: simulate [--seeds COUNT] [--from SEED] [--parallel COUNT]
               simulate --seed SEED [--trace]
               simulate --memory [--jobs COUNT]
        also: --jobs COUNT, --faults NAME,NAME… (or none), --without SAFEGUARD
        faults: \(Faults.names.joined(separator: " "))
        safeguards: \(Sabotage.names.joined(separator: " "))
        """

    init?(_ words: ArraySlice<String>) {
        var words = words
        while let word = words.popFirst() {
            switch word {
            case "--trace": traces = true
            case "--memory": measuresMemory = true
            default:
                guard let value = words.popFirst(), take(word, value) else { return nil }
            }
        }
    }

    private mutating func take(_ name: String, _ value: String) -> Bool {
        switch (name, UInt64(value)) {
        case ("--seeds", let number?): seeds = number
        case ("--from", let number?): firstSeed = number
        case ("--seed", let number?): seed = number
        case ("--jobs", let number?): jobs = Int(number)
        case ("--parallel", let number?) where number > 0: parallel = number
        case ("--faults", _):
            faults = []
            for name in value.split(separator: ",") where name != "none" {
                guard let fault = Faults(name: String(name)) else { return false }
                faults.formUnion(fault)
            }
        case ("--without", _):
            guard let sabotage = Sabotage(name: value) else { return false }
            self.sabotage = sabotage
        default: return false
        }
        return true
    }

    func options(seed: UInt64) -> SimulationOptions {
        SimulationOptions(seed: seed, faults: faults, jobs: jobs, traces: traces, sabotage: sabotage)
    }
}

func exitStatus(_ status: Int32) -> Never { exit(status) }
