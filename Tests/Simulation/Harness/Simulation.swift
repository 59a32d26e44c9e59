import ExportCore

/// One seeded world: workers, the log, the group and the service on one virtual clock.
public final class Simulation: PortWorld {
    let options: SimulationOptions
    let plan: Plan
    private(set) var now: Int64 = 0
    private var queue = EventQueue()
    /// The dice of the ports and the workers.
    var dice: SeededRandom
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

    /// Sets a world up.
    public init(_ options: SimulationOptions) {
        self.options = options
        plan = Plan(options)
        dice = SeededRandom(seed: options.seed, stream: 3)
        log = VirtualLog(partitions: plan.partitions)
        group = VirtualGroup(partitions: plan.partitions)
        service = VirtualService(plan, seed: options.seed)
        chaos = Chaos(plan, seed: options.seed)
        log.onCommit = { [unowned self] in oracle.committed($0) }
        log.onPositions = { [unowned self] in oracle.committed($0) }
        group.schedule = { [unowned self] body in at(now + dice.logarithmic(1...3_000), body) }
    }

    /// Lives through it.
    public func run() -> SimulationOutcome {
        for _ in 0..<plan.workers { at(dice.int(0...2_000)) { [unowned self] in startWorker() } }
        var workload = Workload(plan, seed: options.seed, service: service)
        workload.schedule(in: self)
        chaos.schedule(in: self)
        at(plan.chaosEnd) { [unowned self] in settle() }
        while violation == nil, let time = queue.nextTime, time <= plan.horizon, let body = queue.pop() {
            now = time
            steps += 1
            digest = (digest ^ UInt64(bitPattern: time)) &* 0x0000_0100_0000_01b3
            body()
        }
        if violation == nil { oracle.checkEnd() }
        // What is left to do, and the workers, hold the world alive.
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
            jobs: options.onlyJobs?.count ?? plan.jobs,
            strikes: options.onlyStrikes?.count ?? chaos.strikes
        )
    }

    // MARK: For everybody

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
            generation: options.sabotage.generation
        )
    }

    func restoring(_ partition: Int, host: any PortHost, from end: Int64) {
        if let worker = host as? WorkerProcess { oracle.restoring(partition, worker: worker, from: end) }
    }

    func count(_ what: String) { counts[what, default: 0] += 1 }

    /// A fault of the ports or workers.
    func happens(_ fault: Faults, _ probability: Double) -> Bool {
        let thrown = dice.chance(probability)
        return thrown && now < plan.chaosEnd && plan.faults.contains(fault)
    }

    func enqueue(_ content: JobInput.Content, partition: Int) {
        let offset = log.append(content, partition: partition, gap: dice.chance(0.1) ? dice.int(1...3) : 0)
        trace { "enqueued \(partition)/\(offset): \(describe(content))" }
        oracle.enqueued(content, partition: partition, offset: offset)
        for worker in workers where worker.isAlive { worker.fetch(partition) }
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

    /// A worker has died or left: another takes its place, sometimes under the same name.
    func workerEnded(_ worker: WorkerProcess, after delay: Int64) {
        let producer = dice.chance(0.5) ? worker.id : nil
        at(now + delay) { [unowned self] in
            if living.count < plan.workers { startWorker(producer: producer) }
        }
    }

    /// The end of the chaos: clocks are right and accounts work.
    private func settle() {
        trace { "the chaos is over" }
        for worker in workers { worker.clockOffset = 0 }
        for worker in workers where worker.isRunning { worker.scheduleTick() }
        at(now + 300_000) { [unowned self] in for worker in living { worker.credentialsChange() } }
    }
}

/// What came of a simulation.
public struct SimulationOutcome: Sendable {
    /// What was asked.
    public let options: SimulationOptions
    /// What was broken; `nil` when nothing was.
    public let violation: String?
    /// Things that happened.
    public let steps: Int
    /// How long it lasted on the virtual clock.
    public let virtualMilliseconds: Int64
    /// The same for the same seed.
    public let digest: UInt64
    /// How often things happened that tests want to have happened.
    public let counts: [String: Int]
    /// Every step, when asked for.
    public let trace: [String]
    /// The faults that this seed had.
    public let finalFaults: Faults
    /// How many jobs this seed had.
    public let jobs: Int
    /// How many blows of fate this seed had drawn.
    public let strikes: Int
}
