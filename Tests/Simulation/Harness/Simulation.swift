import ExportCore

/// One seeded world: workers, the log, the group and the service on one virtual clock.
public final class Simulation: PortEnvironment {
    let options: SimulationOptions
    let plan: Plan
    private(set) var now: Int64 = 0
    private var queue = EventQueue()
    /// The random numbers of the ports and the workers.
    var random: SeededRandom
    let log: VirtualLog
    let group: VirtualGroup
    let service: VirtualService
    private(set) lazy var oracle = Oracle(self)
    private(set) var workers: [WorkerProcess] = []
    private var chaos: Chaos
    private var lastWorker = 0
    private var violation: String?
    private var lines: [String] = []
    private(set) var counts: [String: Int] = [:]
    private var steps = 0
    private var digest: UInt64 = 0

    /// Creates a world.
    public init(_ options: SimulationOptions) {
        self.options = options
        plan = Plan(options)
        random = SeededRandom(seed: options.seed, stream: 3)
        log = VirtualLog(partitions: plan.partitions)
        group = VirtualGroup(partitions: plan.partitions)
        service = VirtualService(plan, seed: options.seed)
        chaos = Chaos(plan, seed: options.seed)
        log.onCommit = { [unowned self] in oracle.committed($0) }
        log.onPositions = { [unowned self] in oracle.committed($0) }
        group.schedule = { [unowned self] body in at(now + random.logarithmic(1...3_000), body) }
    }

    /// Runs the simulation.
    public func run() -> SimulationOutcome {
        for _ in 0..<plan.workers { at(random.int(0...2_000)) { [unowned self] in startWorker() } }
        var workload = Workload(plan, seed: options.seed, service: service)
        workload.schedule(in: self)
        chaos.schedule(in: self)
        if options.recreatesJobs { Recreation.schedule(in: self) }
        at(plan.chaosEnd) { [unowned self] in settle() }
        while violation == nil, let time = queue.nextTime, time <= plan.horizon, let body = queue.pop() {
            now = time
            steps += 1
            digest = (digest ^ UInt64(bitPattern: time)) &* 0x0000_0100_0000_01b3
            body()
        }
        if violation == nil { oracle.checkEnd() }
        for (fault, number) in service.injected { counts[Coverage.name(of: fault), default: 0] += number }
        // Scheduled events and workers hold references to the world.
        queue = EventQueue()
        workers = []
        return SimulationOutcome(
            options: options,
            violation: violation,
            steps: steps,
            virtualMilliseconds: now,
            digest: digest,
            counts: counts,
            trace: lines,
            finalFaults: plan.faults,
            jobs: options.onlyJobs?.count ?? plan.jobs + plan.batches * Workload.jobsPerBatch,
            strikes: options.onlyStrikes?.count ?? chaos.strikes
        )
    }

    // MARK: Environment

    func at(_ time: Int64, _ body: @escaping () -> Void) { queue.add(at: max(now, time), body) }

    func trace(_ line: () -> String) {
        guard options.traces else { return }
        lines.append("\(now) \(line())")
    }

    func fail(_ reason: String) {
        guard violation == nil else { return }
        violation = "at \(now) ms: \(reason)"
        trace { "VIOLATION \(reason)" }
    }

    var portSettings: PortSettings {
        PortSettings(
            partitions: plan.partitions,
            transactionTimeout: plan.transactionTimeout,
            generation: options.disabledChecks.generation,
            limits: plan.limits,
            isolatesRefusals: options.disabledChecks.isolatesRefusals,
            continuityInterval: options.recreatesJobs && options.disabledChecks.checksContinuity ? 10_000 : nil
        )
    }

    func restoring(_ partition: Int, host: any PortHost, from end: Int64) {
        if let worker = host as? WorkerProcess { oracle.restoring(partition, worker: worker, from: end) }
    }

    func count(_ what: String) { counts[what, default: 0] += 1 }

    /// A fault of the ports or workers.
    func happens(_ fault: Faults, _ probability: Double) -> Bool {
        let isDrawn = random.chance(probability)
        guard isDrawn, now < plan.chaosEnd, plan.faults.contains(fault) else { return false }
        count(Coverage.name(of: fault))
        return true
    }

    func enqueue(_ content: JobInput.Content, partition: Int) {
        let gap = random.chance(0.1) ? random.int(1...3) : 0
        let offset = log.append(content, original(partition), partition: partition, gap: gap, at: now)
        trace { "enqueued \(partition)/\(offset): \(describe(content))" }
        count(content.coverageName)
        oracle.enqueued(content, partition: partition, offset: offset)
        for worker in workers where worker.isAlive { worker.fetch(partition) }
    }

    /// A record of the jobs topic, a large one periodically.
    private func original(_ partition: Int) -> OriginalRecord? {
        guard plan.faults.contains(.oversized), now % 3 == 0 else { return nil }
        return OriginalRecord(key: nil, value: [UInt8](repeating: 0, count: 3_000))
    }

    // MARK: Workers

    func startWorker(producer: Int? = nil) {
        lastWorker += 1
        let worker = WorkerProcess(self, id: lastWorker, name: "worker \(lastWorker)", producer: producer ?? lastWorker)
        trace { "\(worker.name) starts" }
        workers.append(worker)
        oracle.workerStarted()
        worker.post(.tick)
    }

    var living: [WorkerProcess] { workers.filter(\.isAlive) }

    /// A worker has crashed or left. Another one replaces it, sometimes with the same transactional id.
    func workerEnded(_ worker: WorkerProcess, after delay: Int64) {
        let producer = random.chance(0.5) ? worker.id : nil
        at(now + delay) { [unowned self] in
            if living.count < plan.workers { startWorker(producer: producer) }
        }
    }

    /// Ends the faults and corrects the clocks. Workers get no other help from now on.
    private func settle() {
        trace { "the chaos is over" }
        for worker in workers { worker.clockOffset = 0 }
        for worker in workers where worker.isRunning { worker.scheduleTick() }
    }
}

/// The outcome of a simulation.
public struct SimulationOutcome: Sendable {
    /// The options of the simulation.
    public let options: SimulationOptions
    /// The violation; `nil` for none.
    public let violation: String?
    /// The number of executed events.
    public let steps: Int
    /// The duration on the virtual clock.
    public let virtualMilliseconds: Int64
    /// A digest of the event times: equal for equal seeds.
    public let digest: UInt64
    /// Counts of situations that tests require.
    public let counts: [String: Int]
    /// Every step, if requested.
    public let trace: [String]
    /// The faults that this seed had.
    public let finalFaults: Faults
    /// How many jobs this seed had.
    public let jobs: Int
    /// The number of faults that this seed has drawn.
    public let strikes: Int
}
