/// Everything that one worker decides: its partitions, their hand-over, the batches that it
/// commits, and whose call goes next.
///
/// A value without clock, dice, IO or locks: `handle` takes an event and the time and yields what
/// to do. One owner feeds it from one queue.
public struct WorkerMachine: Sendable {
    let configuration: CoreConfiguration
    var slots: [PartitionSlot?] = []
    var scheduler: CallScheduler
    var batches: BatchGatherer
    var breaker: IntakeBreaker
    var pauses: Set<IntakePause> = []
    var partitionCount = 0
    var stopping = Stopping.no
    /// Whether timers were left over at the last turn.
    private var timersLeft = false
    private var lastNow: Instant?

    /// Active jobs of the partitions that were released.
    var handedOver = 0

    enum Stopping: Int, Comparable {
        case no
        case draining
        case drained

        static func < (left: Stopping, right: Stopping) -> Bool { left.rawValue < right.rawValue }
    }

    /// How long a partition that is to be handed over waits for the answers to its calls.
    static let drainGrace: Duration = .seconds(2)
    /// How many times `maxPending` jobs may wait, those of paused accounts included.
    static let pendingOfPausedAccounts = 10
    static let timersPerTurn = 2_000
    /// Failed commits in a row after which a partition that is to be handed over is given up as it is.
    static let drainAttempts = 3

    /// Creates a worker that owns nothing yet.
    public init(_ configuration: CoreConfiguration) {
        self.configuration = configuration
        scheduler = CallScheduler(configuration)
        batches = BatchGatherer(configuration)
        breaker = IntakeBreaker(configuration.breaker)
    }

    /// Takes an event and says what to do about it.
    public mutating func handle(_ event: WorkerEvent, at now: Instant) -> [WorkerAction] {
        var actions: [WorkerAction] = []
        noticeClock(now)
        switch event {
        case .assigned, .restored, .restoreFinished, .restoreFailed, .revoked, .lost, .partitionCount, .stop, .stopNow:
            handleAssignment(event, at: now, &actions)
        case .received(let partition, let epoch, let inputs):
            receive(partition, epoch, inputs, at: now, &actions)
        case .jobsEnd(let partition, let epoch, let offset):
            if self.epoch(of: partition) == epoch { slots[Int(partition)]?.unreadUpTo = offset }
        case .committed(let id): committed(id, at: now, &actions)
        case .commitFailed(let id): batches.failed(id, at: now)
        case .generationChanged: batches.retryNow(at: now)
        case .answered(let token, let result): answered(token, result, at: now, &actions)
        case .credentialsChanged: scheduler.credentialsChanged(at: now)
        case .tick: break
        }
        turn(at: now, &actions)
        return actions
    }

    /// When the worker wants a tick if nothing else happens.
    public mutating func nextWake(after now: Instant) -> Instant? {
        if timersLeft { return now }
        var earliest: Instant?
        func consider(_ wake: Instant?) {
            guard let wake else { return }
            earliest = min(earliest ?? wake, wake)
        }
        consider(batches.nextChange)
        consider(scheduler.nextChange(after: now))
        consider(breaker.nextChange)
        for index in slots.indices { consider(slots[index]?.nextWake(after: now)) }
        return earliest
    }

    /// A clock that went back must not make what was a second away an hour away.
    private mutating func noticeClock(_ now: Instant) {
        defer { lastNow = now }
        guard let lastNow, now < lastNow else { return }
        let step = now.duration(to: lastNow)
        scheduler.clockWentBack(by: step)
        breaker.clockWentBack(by: step)
        for index in slots.indices { slots[index]?.clockWentBack(by: step, to: now) }
    }

    // MARK: Turns

    /// What follows from any event: timers, calls whose turn has come, the next batch, hand-overs.
    private mutating func turn(at now: Instant, _ actions: inout [WorkerAction]) {
        fireTimers(at: now, &actions)
        breaker.advance(to: now)
        updateIntake(&actions)
        startCalls(at: now, &actions)
        if var batch = batches.next(at: now, isUrgent: isAnyReadyToRelease(at: now)) {
            if !configuration.safeguards.offsetsInTransaction { batch.positions = [] }
            actions.append(.commit(batch))
        }
        releaseDrained(at: now, &actions)
    }

    private mutating func isAnyReadyToRelease(at now: Instant) -> Bool {
        for index in slots.indices where readyToRelease(index, at: now) { return true }
        return false
    }

    private mutating func fireTimers(at now: Instant, _ actions: inout [WorkerAction]) {
        timersLeft = false
        for index in slots.indices where slots[index]?.hasDueTimer(at: now) ?? false {
            var decisions = Decisions()
            slots[index]?.machine.fireTimers(at: now, limit: Self.timersPerTurn, &decisions)
            if slots[index]?.hasDueTimer(at: now) ?? false { timersLeft = true }
            gather(decisions, slot: index, at: now, &actions)
        }
    }

    private mutating func startCalls(at now: Instant, _ actions: inout [WorkerAction]) {
        while let token = scheduler.next(at: now) {
            let index = Int(token.partition)
            guard epoch(ofActive: token.partition) == token.epoch, let call = slots[index]?.machine.start(token)
            else {
                scheduler.stale(token)
                continue
            }
            scheduler.started(token, at: now)
            if token.kind != .download { slots[index]?.callsInFlight += 1 }
            actions.append(.call(call))
        }
    }

    private mutating func updateIntake(_ actions: inout [WorkerAction]) {
        let wasPaused = !pauses.isEmpty
        let (pending, all) = pendingCounts()
        let limit = configuration.maxPending
        set(
            .pending,
            when: pending >= limit || all >= limit * Self.pendingOfPausedAccounts,
            until: pending <= limit * 4 / 5 && all <= limit * Self.pendingOfPausedAccounts * 4 / 5,
            &actions
        )
        let backlog = batches.backlog
        set(
            .commits,
            when: backlog >= configuration.maxBatchRecords * 2,
            until: backlog < configuration.maxBatchRecords,
            &actions
        )
        set(.failures, when: breaker.isOpen, until: !breaker.isOpen, &actions)
        if pauses.isEmpty == wasPaused { actions.append(.intake(isPaused: !pauses.isEmpty)) }
    }

    /// Jobs that wait to be submitted: those whose account works, and all of them. A paused account
    /// must not stop the others' intake, but neither may its jobs fill the memory.
    private mutating func pendingCounts() -> (working: Int, all: Int) {
        var (working, all) = (0, 0)
        for index in slots.indices {
            guard let counts = slots[index]?.pendingByAccount else { continue }
            for (account, count) in counts.enumerated() where count > 0 {
                all += count
                let isWorking = account < counts.count - 1 && scheduler.problem(ofAccount: account) == nil
                if isWorking { working += count }
            }
        }
        return (working, all)
    }

    /// Two thresholds, because each resumption costs a fetch.
    private mutating func set(
        _ reason: IntakePause,
        when begins: Bool,
        until ends: Bool,
        _ actions: inout [WorkerAction]
    ) {
        if begins, !pauses.contains(reason) {
            pauses.insert(reason)
            actions.append(.report(.intakePaused(reason: reason)))
        } else if ends, !begins, pauses.contains(reason) {
            pauses.remove(reason)
            actions.append(.report(.intakeResumed(reason: reason)))
        }
    }

    // MARK: Events

    private mutating func receive(
        _ partition: Int32,
        _ epoch: Epoch,
        _ inputs: [JobInput],
        at now: Instant,
        _ actions: inout [WorkerAction]
    ) {
        // Records that were on their way when the partition went, or when it was stopped.
        guard self.epoch(ofActive: partition) == epoch else { return }
        var decisions = Decisions()
        slots[Int(partition)]?.machine.receive(inputs, at: now, &decisions)
        gather(decisions, slot: Int(partition), at: now, &actions)
    }

    private mutating func committed(_ id: UInt64, at now: Instant, _ actions: inout [WorkerAction]) {
        guard let batch = batches.committed(id) else { return }
        actions.append(contentsOf: batch.reports.map { .report($0) })
        for token in batch.calls { scheduler.enqueue(token) }
    }

    /// The one place where late answers are dropped.
    private mutating func answered(
        _ token: CallToken,
        _ result: CallResult,
        at now: Instant,
        _ actions: inout [WorkerAction]
    ) {
        if let report = scheduler.finished(token, result, at: now) { actions.append(.report(report)) }
        let index = Int(token.partition)
        guard takesAnswers(token) else {
            return actions.append(.report(.lateAnswer(partition: token.partition, epoch: token.epoch)))
        }
        if token.kind != .download { slots[index]?.callsInFlight -= 1 }
        var decisions = Decisions()
        slots[index]?.machine.finished(token, result, at: now, &decisions)
        gather(decisions, slot: index, at: now, &actions)
    }

    /// Puts decisions into the gathering batch, with the position that fences it.
    mutating func gather(_ decisions: Decisions, slot index: Int, at now: Instant, _ actions: inout [WorkerAction]) {
        var decisions = decisions
        for isRefusal in decisions.refusals { breaker.count(refusal: isRefusal, at: now) }
        actions.append(contentsOf: decisions.reports.map { .report($0) })
        for token in decisions.callsNow { scheduler.enqueue(token) }
        guard let slot = slots[index]?.progress else { return }
        guard slot.position != slot.gathered || !decisions.records.isEmpty else { return }
        if slot.position > slot.recorded {
            slots[index]?.machine.apply(.position(slot.position))
            decisions.records.append(.state(partition: slot.partition, .position(slot.position)))
        }
        slots[index]?.gatheredPosition = slot.position
        let position = CommitBatch.Position(partition: slot.partition, epoch: slot.epoch, offset: slot.position)
        batches.add(decisions, position: position, at: now)
    }

    // A slot is never copied out while it is changed: a second owner of its tables would make the
    // next change copy a million jobs. What is asked of it is therefore asked in place.

    private mutating func epoch(ofActive partition: Int32) -> Epoch? {
        slots.indices.contains(Int(partition)) ? slots[Int(partition)]?.activeEpoch : nil
    }

    private mutating func takesAnswers(_ token: CallToken) -> Bool {
        let index = Int(token.partition)
        guard slots.indices.contains(index), let epoch = slots[index]?.answeredEpoch else { return false }
        return epoch == token.epoch || !configuration.safeguards.epochCheck
    }

    func epoch(of partition: Int32) -> Epoch? {
        slots.indices.contains(Int(partition)) ? slots[Int(partition)]?.machine.epoch : nil
    }

    func lifecycle(of partition: Int32) -> PartitionLifecycle? {
        slots.indices.contains(Int(partition)) ? slots[Int(partition)]?.lifecycle : nil
    }
}
