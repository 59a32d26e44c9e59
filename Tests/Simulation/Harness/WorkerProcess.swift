import ExportCore

/// One life of one worker: the machine, its queue of events, its clock, and the hands that do what
/// it says. It can die at any step, or stand still while the world goes on.
final class WorkerProcess: PortHost {
    let id: Int
    let name: String
    unowned let world: Simulation
    private(set) var machine: WorkerMachine
    private(set) var isAlive = true
    private(set) var isFrozen = false
    private(set) var isStopping = false
    /// How far the worker's clock is ahead of the world's.
    var clockOffset: Int64 = 0
    private var port: VirtualPort?
    private var inbox: [WorkerEvent] = []
    private var isPumping = false
    /// What happens when the worker moves again.
    private var deferred: [() -> Void] = []
    private var tick = (number: 0, at: Int64.max)
    private var ticksAtThisMoment = 0
    private(set) var inFlight: Set<CallToken> = []
    private var downloads = 0
    private var audits = 0

    init(_ world: Simulation, id: Int, name: String, producer: Int) {
        self.world = world
        self.id = id
        self.name = name
        machine = WorkerMachine(world.plan.configuration)
        let port = VirtualPort(self, in: world, producer: producer, delivery: world.options.delivery)
        self.port = port
        port.start()
    }

    var clock: Instant { Instant(milliseconds: world.plan.start + world.now + clockOffset) }

    var isRunning: Bool { isAlive && !isFrozen }

    /// Whether the group counts this worker as the partition's owner.
    func owns(_ partition: Int) -> Bool {
        guard let member = port?.member else { return false }
        return world.group.owners[partition] == member.id
    }

    func fetch(_ partition: Int) { run { self.port?.fetch(partition) } }

    // MARK: Time

    /// Does something in this process: not when it is dead, later when it stands still.
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
        later(world.dice.int(0...2)) { self.pump() }
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
        let at = max(world.now, wake.milliseconds - world.plan.start - clockOffset)
        guard at != tick.at else { return }
        tick = (tick.number + 1, at)
        let number = tick.number
        world.at(at) { [weak self] in
            self?.run {
                guard let self, self.tick.number == number else { return }
                self.ticksAtThisMoment = self.tick.at == self.world.now ? self.ticksAtThisMoment + 1 : 0
                self.tick.at = .max
                self.handle(.tick)
                self.scheduleTick()
                self.noticeBusyLoop()
            }
        }
    }

    private func noticeBusyLoop() {
        if tick.at > world.now { ticksAtThisMoment = 0 }
        if ticksAtThisMoment > 200 { world.fail("\(name) wants a tick at once, again and again") }
    }

    // MARK: The machine

    private func handle(_ event: WorkerEvent) {
        world.trace { "\(self.name) <- \(describe(event))" }
        if case .answered(let token, _) = event {
            if inFlight.remove(token) == nil { world.fail("\(name) was given the answer to \(token) twice") }
            if token.kind == .download { downloads -= 1 }
        }
        let actions = machine.handle(event, at: clock)
        for action in actions {
            guard isAlive else { return }
            world.trace { "\(self.name) -> \(describe(action))" }
            perform(action)
            if world.happens(.crash, 0.0005) { crash() }
        }
        audits += 1
        if isAlive, let complaint = machine.audit(inFlight: inFlight, tables: audits % 16 == 0) {
            world.fail("\(name): \(complaint)")
        }
    }

    private func perform(_ action: WorkerAction) {
        switch action {
        case .start(let partition, let epoch, let offset): port?.begin(Int(partition), epoch, from: offset)
        case .intake(let isPaused): port?.setIntake(isPaused: isPaused)
        case .commit(let batch): port?.commit(batch)
        case .call(let call): make(call)
        case .release(let partition, let epoch): port?.release(Int(partition), epoch)
        case .drained: leave()
        case .report(let report): world.oracle.reported(report)
        }
    }

    private func make(_ call: Call) {
        let limits = world.plan.configuration
        inFlight.insert(call.token)
        if call.token.kind == .download { downloads += 1 }
        if downloads > limits.maxConcurrentDownloads || inFlight.count - downloads > limits.maxConcurrentRequests {
            world.fail("\(name) has \(inFlight.count) calls under way, \(downloads) of them downloads")
        }
        world.oracle.called(call, by: self)
        let latency = world.service.latency(at: world.now)
        world.at(world.now + latency.there) { [weak self, world] in
            let result = world.service.answer(call, at: world.now)
            self?.later(latency.back) {
                guard let self, self.inFlight.contains(call.token) else { return }
                self.post(.answered(call.token, result))
            }
        }
    }

    // MARK: Ends

    func stop() {
        guard isAlive, !isStopping else { return }
        isStopping = true
        post(.stop)
        later(world.dice.int(0...25_000)) { self.post(.stopNow) }
    }

    private func leave() {
        world.trace { "\(self.name) leaves" }
        isAlive = false
        port?.leave()
        world.workerEnded(self, after: world.dice.int(0...1_000))
    }

    func crash() {
        guard isAlive else { return }
        world.count("crash")
        world.trace { "\(self.name) dies" }
        isAlive = false
        deferred = []
        let port = port
        world.at(world.now + world.plan.sessionTimeout) { port?.leave() }
        world.workerEnded(self, after: world.dice.logarithmic(1...60_000))
    }

    func freeze(for duration: Int64) {
        guard isRunning else { return }
        world.count("freeze")
        world.trace { "\(self.name) stands still for \(duration) ms" }
        isFrozen = true
        let member = port?.member
        if duration > world.plan.sessionTimeout, let member {
            world.at(world.now + world.plan.sessionTimeout) { [world] in world.group.remove(member) }
        }
        world.at(world.now + duration) { [weak self] in self?.thaw(expired: member) }
    }

    private func thaw(expired member: VirtualGroup.Member?) {
        guard isAlive else { return }
        world.trace { "\(self.name) moves again" }
        isFrozen = false
        if let member, !world.group.isMember(member.id) {
            world.count("zombie")
            later(world.dice.int(0...300)) { self.port?.expired() }
        }
        let bodies = deferred
        deferred = []
        for body in bodies { run(body) }
        scheduleTick()
    }

    func credentialsChange() { run { self.post(.credentialsChanged) } }
}
