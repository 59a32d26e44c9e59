public import ExportCore

/// What a simulation is asked to do.
public struct SimulationOptions: Sendable {
    /// Decides everything that chance decides.
    public var seed: UInt64
    /// What may go wrong.
    public var faults: Faults
    /// What is promised of a commit.
    public var delivery: Delivery
    /// How many jobs, when not as many as the seed says.
    public var jobs: Int?
    /// Which of the jobs, by number; all when `nil`.
    public var onlyJobs: Set<Int>?
    /// Which of the blows of fate that the seed has drawn, by number; all when `nil`.
    public var onlyStrikes: Set<Int>?
    /// Whether every step is written down.
    public var traces: Bool
    /// What of the worker is broken on purpose, to see that it is noticed.
    public var sabotage: Sabotage

    /// Creates options.
    public init(
        seed: UInt64,
        faults: Faults = .all,
        delivery: Delivery = .exactlyOnce,
        jobs: Int? = nil,
        traces: Bool = false,
        sabotage: Sabotage = Sabotage()
    ) {
        self.seed = seed
        self.faults = faults
        self.delivery = delivery
        self.jobs = jobs
        self.traces = traces
        self.sabotage = sabotage
    }
}

/// A safeguard that is left out, in the core or around it.
public struct Sabotage: Sendable, Equatable {
    /// The core's own safeguards.
    public var safeguards = Safeguards()
    /// Which metadata of the group a transaction carries.
    public var generation = Generation.ofCallback

    /// Which metadata of the group a transaction carries.
    public enum Generation: Sendable {
        /// That of the last rebalance callback before the commit was taken and its epochs were checked.
        case ofCallback
        /// That of the last rebalance callback before the offsets are sent: it may be another by then.
        case late
        /// The client's own at the moment when the offsets are sent.
        case fresh
    }

    /// Nothing is left out.
    public init() {}
}

/// One seed's world: how large, how fast, how long.
struct Plan {
    var partitions: Int
    var workers: Int
    var accounts: [String]
    var jobs: Int
    /// When the last job arrives, and when the last fault happens, in milliseconds from the start.
    var arrivalEnd: Int64
    var chaosEnd: Int64
    /// Moments are milliseconds since 1970 at the workers.
    let start: Int64 = 1_750_000_000_000
    var sessionTimeout: Int64 = 10_000
    var transactionTimeout: Int64 = 8_000
    var longestExport: Int64
    /// The faults of this seed: not every seed has every fault.
    var faults: Faults
    var configuration: CoreConfiguration

    init(_ options: SimulationOptions) {
        var random = SeededRandom(seed: options.seed, stream: 1)
        partitions = random.pick([1, 2, 3, 4, 6])
        workers = random.index(1...4)
        accounts = (0..<random.index(1...3)).map { $0 == 0 ? "default" : "account\($0)" }
        let size = random.pick([6, 12, 25, 60, 120])
        jobs = options.jobs ?? random.index(2...size)
        arrivalEnd = random.logarithmic(1_000...(3 * 3_600_000))
        chaosEnd = arrivalEnd + random.logarithmic(10_000...(2 * 3_600_000))
        longestExport = random.pick([60_000, 600_000, 3_600_000, 24 * 3_600_000])
        // Half of the faults in the typical seed, so that they do not drown each other out.
        let subset = Faults(rawValue: UInt32(truncatingIfNeeded: random.next()))
        let hasAll = random.chance(0.2)
        faults = options.faults.intersection(hasAll ? .all : subset)
        configuration = Plan.configuration(&random)
        configuration.accounts = accounts
        configuration.safeguards = options.sabotage.safeguards
        configuration.commitsAreAtomic = options.delivery == .exactlyOnce
    }

    private static func configuration(_ random: inout SeededRandom) -> CoreConfiguration {
        var result = CoreConfiguration()
        result.pollMinInterval = .seconds(random.pick([1, 5, 30]))
        result.pollMaxInterval = .seconds(random.pick([60, 300, 1_800]))
        result.jobTimeout = .seconds(3_600 * random.pick([1, 5, 26]))
        result.deduplicationWindow = .seconds(random.pick([600, 7_200, 86_400]))
        result.commitInterval = .milliseconds(random.pick([0, 50, 50, 1_000]))
        result.maxBatchRecords = random.pick([2, 20, 10_000])
        result.maxPending = random.pick([2, 10, 10_000])
        result.maxConcurrentRequests = random.pick([1, 3, 64])
        result.maxConcurrentDownloads = random.pick([1, 4])
        result.requestsPerSecond = [random.pick([0.5, 2, 20])]
        result.storesFiles = random.chance(0.5)
        result.deletesAfterDownload = random.chance(0.5)
        result.maxLooksWithoutURL = random.pick([3, 60])
        result.breaker.window = random.pick([5, 1_000])
        result.breaker.probes = 3
        return result
    }

    /// After this long everything must have ended and been forgotten: two days for repetitions, and
    /// what a job begun by the last of them takes.
    var horizon: Int64 {
        let day: Int64 = 24 * 3_600_000
        let timeout = max(configuration.jobTimeout.wholeMilliseconds, day)
        return chaosEnd + 2 * day + timeout + configuration.deduplicationWindow.wholeMilliseconds + day
    }
}
