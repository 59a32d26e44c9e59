/// The decisions of one worker: its partitions, their release, the batches that it commits, and the order of calls.
///
/// A value without clock, randomness, I/O or locks: `handle` takes an event and the time and returns actions. One
/// owner passes events to it from one queue.
public struct WorkerMachine: Sendable {
    let configuration: CoreConfiguration
    var slots: PartitionSlots
    var scheduler: CallScheduler
    var batches: BatchGatherer
    var breaker: IntakeBreaker
    var pauses: Set<IntakePause> = []
    var partitionCount = 0
    var stopping = Stopping.no
    /// Whether due timers remain from the last turn.
    var timersLeft = false
    /// The partition whose timers are the first to fire.
    var firstTimerSlot = 0
    /// The time of the newest event.
    var lastTime: EventTime?

    /// Active jobs of the partitions that were released.
    var jobsReleased = 0

    enum Stopping: Int, Comparable {
        case no
        case draining
        case drained

        static func < (left: Stopping, right: Stopping) -> Bool { left.rawValue < right.rawValue }
    }

    /// How long a partition waits for the answers to its calls before it is released.
    static let drainGrace: Duration = .seconds(2)
    /// The multiple of `maxPending` that limits pending jobs including those of paused accounts.
    static let pendingOfPausedAccounts = 10
    static let timersPerTurn = 2_000
    /// Consecutive failed commits after which a draining partition is released without them.
    static let drainAttempts = 3

    /// Creates a worker that owns nothing yet.
    public init(_ configuration: CoreConfiguration) {
        self.configuration = configuration
        slots = PartitionSlots(accounts: configuration.accounts.count)
        scheduler = CallScheduler(configuration)
        batches = BatchGatherer(configuration)
        breaker = IntakeBreaker(configuration.breaker)
    }

    /// Handles an event and returns what to do.
    public mutating func handle(_ event: WorkerEvent, at now: EventTime) -> [WorkerAction] {
        var actions: [WorkerAction] = []
        lastTime = now
        switch event {
        case .assigned, .restored, .restoreFinished, .restoreFailed, .discontinuity, .revoked, .lost, .partitionCount,
            .stop, .stopNow:
            handleAssignment(event, at: now, &actions)
        case .received(let partition, let epoch, let inputs):
            receive(partition, epoch, inputs, at: now, &actions)
        case .jobsEnd(let partition, let epoch, let end):
            if self.epoch(of: partition) == epoch { slots[Int(partition)]?.end = end }
        case .anchored(let partition, let epoch, let mark):
            if self.epoch(of: partition) == epoch { slots[Int(partition)]?.machine.anchor = mark }
        case .committed(let id): committed(id, at: now, &actions)
        case .commitFailed(let id): batches.failed(id, at: now.monotonic)
        case .outputsRefused(let id, let refusals): outputsRefused(id, refusals, at: now, &actions)
        case .generationChanged: batches.retryNow(at: now.monotonic)
        case .answered(let token, let result): answered(token, result, at: now, &actions)
        case .credentialsChanged: scheduler.credentialsChanged(at: now.monotonic)
        case .tick: break
        }
        turn(at: now, &actions)
        return actions
    }

    /// When the worker needs a tick if no other event arrives. Timers on the wall clock are computed from `now`, so
    /// call this again periodically: the wall clock may have been set.
    public mutating func nextWake(after now: EventTime) -> MonotonicInstant? {
        if timersLeft, batches.room > 0 { return now.monotonic }
        var earliest: MonotonicInstant?
        func consider(_ wake: MonotonicInstant?) {
            guard let wake else { return }
            earliest = min(earliest ?? wake, wake)
        }
        consider(batches.nextChange)
        consider(scheduler.nextChange(after: now.monotonic))
        consider(breaker.nextChange)
        consider(slots.nextWake(after: now, firesTimers: batches.room > 0))
        return earliest
    }

    // MARK: Turns

    /// The steps that follow every event: timers, calls that may start, the next batch, releases.
    private mutating func turn(at now: EventTime, _ actions: inout [WorkerAction]) {
        // A full batch makes room for the decisions of timers.
        let full = batches.room == 0 ? nextBatch(at: now) : nil
        fireTimers(at: now, &actions)
        breaker.advance(to: now.monotonic)
        updateIntake(&actions)
        startCalls(at: now, &actions)
        if let batch = full ?? nextBatch(at: now) { actions.append(.commit(batch)) }
        releaseDrained(at: now, &actions)
    }

    /// The batch to commit, if it is time.
    private mutating func nextBatch(at now: EventTime) -> CommitBatch? {
        var batch = batches.next(at: now.monotonic, isUrgent: !slots.readyToRelease(at: now).isEmpty)
        if !configuration.safeguards.offsetsInTransaction { batch?.positions = [] }
        return batch
    }

    private mutating func startCalls(at now: EventTime, _ actions: inout [WorkerAction]) {
        while let step = scheduler.next(at: now.monotonic) {
            switch step {
            case .start(let token): start(token, at: now, &actions)
            case .suspend(let token): actions.append(.suspend(token))
            case .resume(let token): actions.append(.resume(token))
            }
        }
    }

    private mutating func start(_ token: CallToken, at now: EventTime, _ actions: inout [WorkerAction]) {
        let index = Int(token.partition)
        guard epoch(ofActive: token.partition) == token.epoch, let call = slots[index]?.machine.start(token) else {
            return scheduler.stale(token, at: now.monotonic)
        }
        scheduler.started(token, at: now.monotonic)
        if !token.kind.isTransfer { slots[index]?.callsInFlight += 1 }
        actions.append(.call(call))
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
        set(.commits, when: batches.room == 0, until: batches.isShort, &actions)
        set(.failures, when: breaker.isOpen, until: !breaker.isOpen, &actions)
        if pauses.isEmpty == wasPaused { actions.append(.intake(isPaused: !pauses.isEmpty)) }
    }

    /// Jobs that wait to be submitted: those whose account works, and all of them. An account with a problem
    /// must not stop the others' intake, but neither may its jobs fill the memory. Jobs that an operator has paused do
    /// not count: the command that resumes them is behind them in the topic.
    private mutating func pendingCounts() -> (working: Int, all: Int) {
        var (working, all) = (0, 0)
        for (account, count) in slots.pendingByAccount.enumerated() where count > 0 {
            all += count
            let isWorking = account < configuration.accounts.count && scheduler.problem(ofAccount: account) == nil
            if isWorking { working += count }
        }
        return (working, all)
    }

    /// Pauses or resumes intake for one reason. Two thresholds, because each resumption costs a fetch.
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
        at now: EventTime,
        _ actions: inout [WorkerAction]
    ) {
        // These records were in flight when the partition was revoked or stopped.
        guard self.epoch(ofActive: partition) == epoch else { return }
        var decisions = Decisions()
        slots[Int(partition)]?.machine.receive(inputs, at: now, &decisions)
        gather(decisions, slot: Int(partition), at: now, &actions)
    }

    private mutating func committed(_ id: UInt64, at now: EventTime, _ actions: inout [WorkerAction]) {
        guard let batch = batches.committed(id) else { return }
        for position in batch.commit.positions where epoch(of: position.partition) == position.epoch {
            slots[Int(position.partition)]?.storedPosition = position.offset
        }
        actions.append(contentsOf: batch.reports.map { .report($0) })
        for token in batch.calls { enqueue(token) }
        releaseCalls(after: batch)
    }

    /// The one place where late answers are dropped.
    private mutating func answered(
        _ token: CallToken,
        _ result: CallResult,
        at now: EventTime,
        _ actions: inout [WorkerAction]
    ) {
        let (result, report) = scheduler.classified(token, result)
        if let report { actions.append(.report(report)) }
        if let report = scheduler.finished(token, result, at: now.monotonic) { actions.append(.report(report)) }
        let index = Int(token.partition)
        guard takesAnswers(token) else {
            return actions.append(.report(.lateAnswer(partition: token.partition, epoch: token.epoch)))
        }
        if !token.kind.isTransfer { slots[index]?.callsInFlight -= 1 }
        var decisions = Decisions()
        slots[index]?.machine.finished(token, result, at: now, &decisions)
        gather(decisions, slot: index, at: now, &actions)
    }

    /// Adds decisions to the gathering batch, with the position that fences them.
    mutating func gather(_ decisions: Decisions, slot index: Int, at now: EventTime, _ actions: inout [WorkerAction]) {
        var decisions = decisions
        count(refusals: decisions.refusals, at: now, &actions)
        actions.append(contentsOf: decisions.reports.map { .report($0) })
        for token in decisions.callsNow { enqueue(token) }
        for token in decisions.cancellations { actions.append(.cancel(token)) }
        decisions.records += decisions.batchEnds.records
        decisions.callsUponCommit += decisions.batchEnds.callsUponCommit
        decisions.reportsUponCommit += decisions.batchEnds.reportsUponCommit
        guard let slot = slots[index]?.progress else { return }
        guard slot.position.offset != slot.gathered || !decisions.records.isEmpty else { return }
        if slot.position.isBeyond(slot.recorded) {
            slots[index]?.machine.apply(.position(slot.position))
            decisions.records.append(.state(partition: slot.partition, .position(slot.position)))
        }
        slots[index]?.gatheredPosition = slot.position.offset
        let position = CommitBatch.Position(
            partition: slot.partition,
            epoch: slot.epoch,
            offset: slot.position.offset
        )
        batches.add(decisions, position: position, at: now.monotonic)
    }

    /// Counts the outcomes of jobs for the intake breaker.
    mutating func count(refusals: [Bool], at now: EventTime, _ actions: inout [WorkerAction]) {
        for isRefusal in refusals {
            guard let paused = breaker.count(refusal: isRefusal, at: now.monotonic) else { continue }
            actions.append(.report(.refusalsContinue(afterPauses: paused)))
        }
    }

    // Slots are read in place: a copy would be a second owner of its tables, and the next change would copy a million
    // jobs.

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
