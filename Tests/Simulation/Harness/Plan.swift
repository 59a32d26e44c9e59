package import ExportCore

/// The options of a simulation.
public struct SimulationOptions: Sendable {
    /// Determines all random values.
    public var seed: UInt64
    /// The enabled faults.
    public var faults: Faults
    /// The delivery guarantee of commits.
    public var delivery: Delivery
    /// The number of jobs; `nil` for that of the seed.
    public var jobs: Int?
    /// The numbers of the jobs that are enqueued; `nil` for all.
    public var onlyJobs: Set<Int>?
    /// The numbers of the faults that are injected, of those that the seed has drawn; `nil` for all.
    public var onlyStrikes: Set<Int>?
    /// Whether every step is recorded.
    public var traces: Bool
    /// The disabled checks of the worker, to test that the oracle detects their absence.
    public var disabledChecks: DisabledChecks
    /// Whether jobs partitions are deleted and created again, and recovered by an operator. Fewer guarantees hold then,
    /// so this is not one of the faults.
    public var recreatesJobs = false

    /// Creates options.
    public init(
        seed: UInt64,
        faults: Faults = .all,
        delivery: Delivery = .exactlyOnce,
        jobs: Int? = nil,
        traces: Bool = false,
        disabledChecks: DisabledChecks = DisabledChecks()
    ) {
        self.seed = seed
        self.faults = faults
        self.delivery = delivery
        self.jobs = jobs
        self.traces = traces
        self.disabledChecks = disabledChecks
    }
}

/// Disabled checks of the core and of the code around it.
public struct DisabledChecks: Sendable, Equatable {
    /// The core's own checks.
    package var safeguards = Safeguards()
    /// The group metadata that a transaction carries.
    public var generation = Generation.ofCallback
    /// Whether a record that is larger than its topic accepts is reduced before it is sent.
    public var boundsOutputs = true
    /// Whether the records that the brokers refuse are identified.
    public var isolatesRefusals = true
    /// Whether ports check that jobs partitions are those that were restored.
    public var checksContinuity = true

    /// The group metadata that a transaction carries.
    public enum Generation: Sendable {
        /// That of the last rebalance callback before the commit was received and its epochs were checked.
        case ofCallback
        /// That of the last rebalance callback before the offsets are sent, which may be a later one.
        case late
        /// The client's own at the time when the offsets are sent.
        case fresh
    }

    /// All checks are enabled.
    public init() {}
}

/// The parameters of one seed.
struct Plan {
    var partitions: Int
    var workers: Int
    var accounts: [String]
    var jobs: Int
    /// How many batches are enqueued beside these jobs.
    var batches = 0
    /// When the last job arrives, and when the last fault happens, in milliseconds from the start.
    var arrivalEnd: Int64
    var chaosEnd: Int64
    /// The start on the workers' wall clocks, in milliseconds since 1970.
    let start: Int64 = 1_750_000_000_000
    var sessionTimeout: Int64 = 10_000
    var transactionTimeout: Int64 = 8_000
    var longestExport: Int64
    /// The faults of this seed: not every seed has every fault.
    var faults: Faults
    /// The limits of the topics.
    var limits: VirtualLimits
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
        // A typical seed has half of the faults, so that they do not mask each other.
        let subset = Faults(rawValue: UInt32(truncatingIfNeeded: random.next()))
        let hasAll = random.chance(0.2)
        faults = options.faults.intersection(hasAll ? .all : subset)
        limits = VirtualLimits(faults, seed: options.seed)
        // A separate stream does not change the other random values of a seed.
        var own = SeededRandom(seed: options.seed, stream: 8)
        batches = own.index(1...4)
        if !faults.contains(.batches) { batches = 0 }
        configuration = Plan.configuration(&random)
        configuration.accounts = accounts
        configuration.safeguards = options.disabledChecks.safeguards
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
        result.maxPollsWithoutURL = random.pick([3, 60])
        result.breaker.window = random.pick([5, 1_000])
        result.breaker.probes = 3
        return result
    }

    /// The time when every job must have ended and been forgotten: two days for repetitions, and the time of
    /// a job that the last of them creates.
    var horizon: Int64 {
        let day: Int64 = 24 * 3_600_000
        let timeout = max(configuration.jobTimeout.wholeMilliseconds, day)
        return chaosEnd + 2 * day + timeout + configuration.deduplicationWindow.wholeMilliseconds + day
    }
}
