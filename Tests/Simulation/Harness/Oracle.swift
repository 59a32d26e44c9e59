import ExportCore

/// Watches everything that becomes visible and says what must not have happened.
///
/// It knows the rules from the documents, not from the core: one event per job, no request without
/// a stored intent, no offset past a job that is not stored, no change by a worker whose partition
/// belongs to another.
final class Oracle {
    /// What the state topic says of one job, from its first record to its tombstone.
    struct Life {
        var record: JobRecord
        var intents: Set<Intent> = []
        var event: CompletionEvent?
        var events = 0
    }

    /// A stored announcement of a POST.
    struct Intent: Hashable {
        let attempt: Int
        let life: Instant
    }

    /// A record of the jobs topic.
    struct Arrival {
        let offset: Int64
        let content: JobInput.Content
    }

    let plan: Plan
    unowned var world: Simulation
    var lives: [String: Life] = [:]
    var endedLives: [String: [Life]] = [:]
    var arrivals: [[Arrival]]
    var checkedArrivals: [Int]
    /// When each job was enqueued, by id and offset.
    var arrivalTimes: [String: [Int64: Int64]] = [:]
    var deadLetters: [[Int64: Int]]
    var rejections: [String: Int] = [:]
    private var restored: [(worker: Int, from: Int64)?]
    private var budgets: [String: [Int64]] = [:]
    private var starts: [Int64] = []

    /// Without transactions a step that was stored in part is done again, and a worker that stood still may write what
    /// others have long passed: what is promised then is less.
    var isExact: Bool { world.options.delivery == .exactlyOnce }
    /// Whether what is known of a job may be older than it was.
    private(set) var hasOverwrites = false
    /// Without transactions events come before the state that they tell of.
    private var earlyEvents: [String: [CompletionEvent]] = [:]

    init(_ world: Simulation) {
        self.world = world
        plan = world.plan
        arrivals = Array(repeating: [], count: plan.partitions)
        checkedArrivals = Array(repeating: 0, count: plan.partitions)
        deadLetters = Array(repeating: [:], count: plan.partitions)
        restored = Array(repeating: nil, count: plan.partitions)
    }

    func enqueued(_ content: JobInput.Content, partition: Int, offset: Int64) {
        arrivals[partition].append(Arrival(offset: offset, content: content))
        if case .export(let job) = content { arrivalTimes[job.id, default: [:]][offset] = world.now }
    }

    func workerStarted() { starts.append(world.now) }

    // MARK: Ownership

    /// A worker begins to read a partition's state, up to this offset. From now on nobody else may add to it.
    func restoring(_ partition: Int, worker: WorkerProcess, from end: Int64) {
        if worker.owns(partition) { restored[partition] = (worker.id, end) }
    }

    private func checkOwnership(_ transaction: VirtualLog.Transaction) {
        for (partition, offset) in transaction.firstOffsets {
            guard let owner = restored[partition], owner.worker != transaction.worker, offset >= owner.from else {
                continue
            }
            world.fail(
                "worker \(transaction.worker) changed partition \(partition) at \(offset), which worker \(owner.worker) had restored up to \(owner.from)"
            )
        }
    }

    // MARK: Committed transactions

    func committed(_ transaction: VirtualLog.Transaction) {
        world.trace {
            "committed by worker \(transaction.worker): \(transaction.records.map { describe($0) }.joined(separator: "; "))"
        }
        if isExact { checkOwnership(transaction) } else { noticeOverwrites(transaction) }
        for record in transaction.records {
            switch record {
            case .state(_, .job(let record)): stored(record)
            case .state(_, .forgotten(let id)): forgotten(id)
            case .state(_, .position): break
            case .event(_, let event): published(event)
            case .deadLetter(let letter):
                deadLetters[Int(letter.partition)][letter.offset, default: 0] += 1
                if isExact, deadLetters[Int(letter.partition)][letter.offset] != 1 {
                    world.fail("record \(letter.partition)/\(letter.offset) is a dead letter twice")
                }
            }
        }
    }

    func committed(_ positions: [CommitBatch.Position]) {
        for position in positions { checkOffsets(Int(position.partition), upTo: position.offset) }
    }

    private func noticeOverwrites(_ write: VirtualLog.Transaction) {
        for (partition, offset) in write.firstOffsets {
            guard let owner = restored[partition], owner.worker != write.worker, offset >= owner.from else { continue }
            hasOverwrites = true
            world.count("overwrite")
        }
    }

    private func stored(_ record: JobRecord) {
        let id = record.job.id
        let old = lives[id]?.record
        let isAgain = !isExact && (old == record || hasOverwrites)
        if !isAgain, !Self.permits(old?.phase, record.phase) {
            world.fail("\(id) went from \(old.map { "\($0.phase)" } ?? "nothing") to \(record.phase)")
        }
        if let old, old.phase == .finished, old.status != record.status, !hasOverwrites {
            world.fail(
                "\(id) was \(old.status.map { "\($0)" } ?? "") and is \(record.status.map { "\($0)" } ?? "") now"
            )
        }
        if let old, old.offset != record.offset, !hasOverwrites {
            world.fail("\(id) was at offset \(old.offset) and is at \(record.offset)")
        }
        if lives[id] == nil {
            if !hasOverwrites, endedLives[id]?.contains(where: { $0.record.offset == record.offset }) ?? false {
                world.fail("\(id) at offset \(record.offset) began again after it was forgotten")
            }
            lives[id] = Life(record: record)
            if !hasOverwrites { checkAcceptance(record) }
        }
        if let old, !isAgain { checkAttempt(old, record) }
        lives[id]?.record = record
        if record.phase == .finished { takeEarlyEvents(id) }
        if record.phase == .submitting {
            lives[id]?.intents.insert(Intent(attempt: record.attempt, life: record.times.accepted))
        }
        if record.attempt > record.job.maxAttempts { world.fail("\(id) is at attempt \(record.attempt)") }
    }

    static func permits(_ old: JobPhase?, _ new: JobPhase) -> Bool {
        switch (old, new) {
        case (nil, .ready): false
        case (.finished, let new): new == .finished
        case (nil, _), (.accepted, .submitting), (.submitting, .waiting), (.waiting, .submitting): true
        case (.waiting, .ready), (.ready, .submitting), (_, .finished): true
        default: false
        }
    }

    private func forgotten(_ id: String) {
        guard let life = lives.removeValue(forKey: id) else {
            if isExact || endedLives[id] == nil { world.fail("\(id) was forgotten and never known") }
            return
        }
        if life.event == nil, !hasOverwrites { world.fail("\(id) was forgotten without an event") }
        if !hasOverwrites { checkCleanup(life) }
        endedLives[id, default: []].append(life)
    }

    private func published(_ event: CompletionEvent) {
        let id = event.jobID
        guard event.status != .rejected else { return rejections[id, default: 0] += 1 }
        if !isExact, lives[id]?.record.phase != .finished {
            return earlyEvents[id, default: []].append(event)
        }
        guard var life = lives[id], life.record.phase == .finished else {
            return world.fail("an event for \(id), whose stored record is not finished")
        }
        life.events += 1
        if let known = life.event {
            guard isExact else { return noticeRepetition(known, event) }
            if known != event { world.fail("\(id) ended twice: \(known.status) and \(event.status)") }
            let repeats =
                arrivals.joined().count { if case .export(let job) = $0.content { job.id == id } else { false } } - 1
            if life.events > 1 + repeats { world.fail("the event of \(id) was published \(life.events) times") }
        } else {
            life.event = event
            verify(event, life)
        }
        lives[id] = life
    }

    /// The state has caught up with events that came before it; each of them must be true.
    private func takeEarlyEvents(_ id: String) {
        for event in earlyEvents.removeValue(forKey: id) ?? [] {
            guard var life = lives[id] else { return }
            life.events += 1
            if let known = life.event {
                noticeRepetition(known, event)
            } else {
                life.event = event
            }
            lives[id] = life
            verify(event, life)
        }
    }

    /// An event once more: under the same id when the job has ended in the same way, which it need not when the step
    /// was done again and the service, or the clock, says something else by then.
    private func noticeRepetition(_ known: CompletionEvent, _ event: CompletionEvent) {
        world.count("event repeated")
        if known.status != event.status { world.count("ended differently") }
    }

    /// Events whose state never followed, because the job was known under a newer record already.
    var strayEvents: Int { earlyEvents.values.map(\.count).reduce(0, +) }

    /// Every record below a committed offset must have left its trace.
    private func checkOffsets(_ partition: Int, upTo offset: Int64) {
        while checkedArrivals[partition] < arrivals[partition].count {
            let arrival = arrivals[partition][checkedArrivals[partition]]
            guard arrival.offset < offset else { return }
            checkedArrivals[partition] += 1
            let isDeadLetter = deadLetters[partition][arrival.offset] != nil
            switch arrival.content {
            case .cancel: break
            case .unreadable:
                if !isDeadLetter { world.fail("unreadable record \(partition)/\(arrival.offset) was passed over") }
            case .export(let job):
                let isKnown = lives[job.id] != nil || endedLives[job.id] != nil
                if !isDeadLetter && !isKnown {
                    world.fail("\(job.id) at \(partition)/\(arrival.offset) was passed over")
                }
            }
        }
    }

    // MARK: Calls

    func called(_ call: Call, by worker: WorkerProcess) {
        let id = call.job.id
        // A zombie may be behind what others have stored, but never ahead of it.
        let life = lives[id] ?? endedLives[id]?.last
        let phase = life?.record.phase
        switch call.token.kind {
        case .create:
            world.count("POST")
            let intent = Intent(attempt: call.attempt, life: call.accepted)
            let known = (endedLives[id] ?? []) + [lives[id]].compactMap { $0 }
            if !known.contains(where: { $0.intents.contains(intent) }) {
                world.fail("a POST for attempt \(call.attempt) of \(id) without a stored intent")
            }
        case .delete where hasOverwrites, .download where hasOverwrites: break
        case .delete: if phase != .finished { world.fail("a DELETE for \(id), whose end is not stored") }
        case .download:
            if phase != .ready, phase != .finished { world.fail("a download for \(id), which is not stored as ready") }
        case .poll: break
        }
        guard call.token.kind != .download else { return }
        // Ten seconds' worth for the fleet, a full bucket for each worker, another for each that starts.
        let window: Int64 = 10_000
        var recent = budgets[call.job.account, default: []]
        recent.append(world.now)
        recent.removeAll { $0 <= world.now - window }
        budgets[call.job.account] = recent
        let rate = plan.configuration.requestsPerSecond.first ?? 20
        let started = starts.count { $0 > world.now - 4 * window }
        let limit = rate * Double(window) / 1_000 + (rate + 1) * Double(1 + started) + 2 * Double(world.living.count)
        guard Double(recent.count) > limit, !isUnsettled else { return }
        world.fail("\(recent.count) calls in ten seconds for \(call.job.account), where \(limit) are permitted")
    }

    /// Whether zombies spend a budget that others have, or clocks do not tell the time.
    private var isUnsettled: Bool {
        !plan.faults.isDisjoint(with: [.freeze, .clock]) && world.now < plan.chaosEnd + 60_000
    }

    func reported(_ report: Report) {
        switch report {
        case .lateAnswer: world.count("late answer")
        case .lost: world.count("lost")
        case .duplicate: world.count("duplicate")
        case .accountPaused: world.count("account paused")
        case .intakePaused(let reason): world.count("intake paused: \(reason)")
        case .ended(_, let event):
            world.count("ended: \(event.status)")
            if let code = event.error?.code { world.count("error: \(code)") }
        case .stopped(_, _, let reason): world.fail("a partition was stopped: \(reason)")
        default: break
        }
    }
}
