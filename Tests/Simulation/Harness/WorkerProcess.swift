import ExportCore

/// One worker process: the machine, its queue of events, its clock, and the execution of its
/// actions. It can crash at any step, or pause while the world continues.
final class WorkerProcess: PortHost {
    let id: Int
    let name: String
    unowned let world: Simulation
    private(set) var machine: WorkerMachine
    private(set) var isAlive = true
    private(set) var isFrozen = false
    private(set) var isStopping = false
    /// How far the worker's wall clock is ahead of the world's.
    var clockOffset: Int64 = 0
    /// The monotonic clock at the start of the world. It differs for each worker, so that mixing up clocks or processes
    /// is detected.
    private let monotonicStart: Int64
    var progress: AccountProgress
    private var port: VirtualPort?
    private var inbox: [WorkerEvent] = []
    private var isPumping = false
    /// Work that runs when the worker resumes.
    private var deferred: [() -> Void] = []
    private var tick = (number: 0, at: Int64.max)
    private var ticksAtPresentTime = 0
    var inFlight: Set<CallToken> = []
    /// Calls in flight whose answers are not in the inbox.
    var owed: Set<CallToken> = []
    var downloads: DownloadProgress
    private var events = 0

    init(_ world: Simulation, id: Int, name: String, producer: Int) {
        self.world = world
        self.id = id
        self.name = name
        monotonicStart = Int64(id) * 1_000_003
        progress = AccountProgress(accounts: world.plan.accounts)
        downloads = DownloadProgress(world.plan.configuration)
        machine = WorkerMachine(world.plan.configuration)
        let port = VirtualPort(self, in: world, producer: producer, delivery: world.options.delivery)
        self.port = port
        port.start()
    }

    var clock: EventTime {
        EventTime(
            wall: Instant(milliseconds: world.plan.start + world.now + clockOffset),
            monotonic: MonotonicInstant(milliseconds: monotonicStart + world.now)
        )
    }

    var isRunning: Bool { isAlive && !isFrozen }

    /// Whether the group counts this worker as the partition's owner.
    func owns(_ partition: Int) -> Bool {
        guard let member = port?.member else { return false }
        return world.group.owners[partition] == member.id
    }

    func fetch(_ partition: Int) { run { self.port?.fetch(partition) } }

    // MARK: Time

    /// Runs `body` in this process: never after a crash, after a pause when it is paused.
    func run(_ body: @escaping () -> Void) {
        guard isAlive else { return }
        if isFrozen { deferred.append(body) } else { body() }
    }

    func later(_ delay: Int64, _ body: @escaping () -> Void) {
        world.at(world.now + delay) { [weak self] in self?.run(body) }
    }

    func post(_ event: WorkerEvent) {
        inbox.append(event)
        guard !isPumping else { return }
        isPumping = true
        later(world.random.int(0...2)) { self.pump() }
    }

    private func pump() {
        isPumping = false
        let events = inbox
        inbox = []
        for event in events where isAlive { handle(event) }
        scheduleTick()
    }

    func scheduleTick() {
        guard isAlive, let wake = machine.nextWake(after: clock) else { return tick.at = .max }
        guard wake.milliseconds < Int64.max / 2 else { return tick.at = .max }
        let at = max(world.now, wake.milliseconds - monotonicStart)
        guard at != tick.at else { return }
        tick = (tick.number + 1, at)
        let number = tick.number
        world.at(at) { [weak self] in
            self?.run {
                guard let self, self.tick.number == number else { return }
                self.ticksAtPresentTime = self.tick.at == self.world.now ? self.ticksAtPresentTime + 1 : 0
                self.tick.at = .max
                self.handle(.tick)
                self.scheduleTick()
                self.checkBusyLoop()
            }
        }
    }

    private func checkBusyLoop() {
        if tick.at > world.now { ticksAtPresentTime = 0 }
        if ticksAtPresentTime > 200 { world.fail("\(name) requests a tick at once, again and again") }
    }

    // MARK: The machine

    private func handle(_ event: WorkerEvent) {
        world.trace { "\(self.name) <- \(describe(event))" }
        world.count(event.coverageName)
        if case .answered(let token, _) = event {
            if inFlight.remove(token) == nil { world.fail("\(name) was given the answer to \(token) twice") }
            downloads.ended(token)
        }
        let actions = machine.handle(event, at: clock)
        for action in actions {
            guard isAlive else { return }
            world.trace { "\(self.name) -> \(describe(action))" }
            perform(action)
            if world.happens(.crash, 0.0005) { crash() }
        }
        if isAlive { checkProgress() }
        events += 1
        // What is wrong stays wrong, and a visit of every job costs as much as the event. A trace shows where it began.
        guard isAlive, world.options.traces || events % 8 == 0 else { return }
        if let complaint = machine.audit(inFlight: inFlight, at: clock, tables: events % 16 == 0) {
            world.fail("\(name): \(complaint)")
        }
    }

    /// Checks that every account whose credentials work makes progress, and that downloads do.
    private func checkProgress() {
        let waiting = machine.waitingAPICalls
        let isQuiet = world.now >= world.plan.chaosEnd
        if let account = progress.stalledAccount(waiting, isQuiet: isQuiet, at: world.now) {
            world.fail("\(name) starts no call of '\(account)', whose credentials work and whose calls wait")
        }
        if let complaint = downloads.violation(machine.waitingDownloads, at: world.now) {
            world.fail("\(name) \(complaint)")
        }
    }

    private func perform(_ action: WorkerAction) {
        switch action {
        case .start(let partition, let epoch, let position):
            world.oracle.restored(machine.pauses(of: partition), Int(partition), by: self)
            port?.begin(Int(partition), epoch, from: position)
        case .stopped(let partition, let epoch):
            cancelDownloads(partition: partition, epoch: epoch)
            port?.stopped(Int(partition), epoch)
        case .intake(let isPaused): port?.setIntake(isPaused: isPaused)
        case .commit(let batch): commit(batch)
        case .call(let call): make(call)
        case .suspend(let token): suspend(token)
        case .resume(let token): resume(token)
        case .cancel(let token): cancel(token)
        case .release(let partition, let epoch):
            cancelDownloads(partition: partition, epoch: epoch)
            port?.release(Int(partition), epoch)
        case .drained: leave()
        case .report(let report):
            if case .lost(let partition, let epoch, _) = report {
                cancelDownloads(partition: partition, epoch: epoch)
            }
            world.oracle.reported(report)
        }
    }

    /// Reduces or refuses records before they are written, on another thread: events are handled meanwhile.
    private func commit(_ batch: CommitBatch) {
        later(world.random.int(0...20)) { self.encode(batch) }
    }

    private func encode(_ batch: CommitBatch) {
        guard world.options.disabledChecks.boundsOutputs else { return port?.commit(batch) ?? () }
        let (fitted, refusals) = world.plan.limits.fit(batch)
        guard refusals.isEmpty else {
            world.count("output too large")
            return post(.outputsRefused(batch: batch.id, refusals))
        }
        port?.commit(fitted)
    }

    // MARK: Ends

    func stop() {
        guard isAlive, !isStopping else { return }
        isStopping = true
        post(.stop)
        later(world.random.int(0...25_000)) { self.post(.stopNow) }
    }

    private func leave() {
        world.trace { "\(self.name) leaves" }
        isAlive = false
        port?.leave()
        world.workerEnded(self, after: world.random.int(0...1_000))
    }

    func crash() {
        guard isAlive else { return }
        world.count("crash")
        world.trace { "\(self.name) crashes" }
        isAlive = false
        deferred = []
        let port = port
        world.at(world.now + world.plan.sessionTimeout) { port?.leave() }
        world.workerEnded(self, after: world.random.logarithmic(1...60_000))
    }

    func freeze(for duration: Int64) {
        guard isRunning else { return }
        world.count("freeze")
        world.trace { "\(self.name) pauses for \(duration) ms" }
        isFrozen = true
        let member = port?.member
        if duration > world.plan.sessionTimeout, let member {
            world.at(world.now + world.plan.sessionTimeout) { [world] in world.group.remove(member) }
        }
        world.at(world.now + duration) { [weak self] in self?.thaw(expired: member) }
    }

    private func thaw(expired member: VirtualGroup.Member?) {
        guard isAlive else { return }
        world.trace { "\(self.name) resumes" }
        isFrozen = false
        downloads.thawed()
        if let member, !world.group.isMember(member.id) {
            world.count("zombie")
            later(world.random.int(0...300)) { self.port?.expired() }
        }
        let bodies = deferred
        deferred = []
        for body in bodies { run(body) }
        scheduleTick()
    }

    func credentialsChange() { run { self.post(.credentialsChanged) } }
}
