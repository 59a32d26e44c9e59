import ExportCore

/// Checks everything that becomes visible for violations.
///
/// Its rules come from the documents, not from the core: one event per job, no request without
/// a stored intent, no offset past a job that is not stored, no change by a worker whose partition
/// belongs to another.
final class Oracle {
    /// One job in the state topic, from its first record to its tombstone.
    struct Life {
        var record: JobRecord
        var intents: Set<Intent> = []
        var event: CompletionEvent?
        var events = 0
        /// The transaction that published its event first.
        var transaction: Int?
    }

    /// A stored intent to send a POST.
    struct Intent: Hashable {
        let attempt: Int
        let life: Instant
    }

    /// A record of the jobs topic.
    struct Arrival {
        let offset: Int64
        let content: JobInput.Content

        func isJob(_ id: String) -> Bool { if case .export(let job) = content { job.id == id } else { false } }
    }

    let plan: Plan
    unowned var world: Simulation
    var lives: [String: Life] = [:]
    var endedLives: [String: [Life]] = [:]
    var arrivals: [[Arrival]]
    /// Records of jobs partitions that were deleted.
    var pastArrivals: [Arrival] = []
    var checkedArrivals: [Int]
    /// When each job was enqueued, by id and offset.
    var arrivalTimes: [String: [Int64: Int64]] = [:]
    var deadLetters: [[Int64: Int]]
    var rejections: [String: Int] = [:]
    var rejectedRecords: Set<RecordSource> = []
    /// The batches in the state topic.
    var batches = BatchHistory()
    /// The stored pauses of each partition.
    var pauses: [[JobPause]]
    /// The worker that restored each partition last, and the end of the state up to which it did.
    private(set) var restored: [(worker: Int, from: Int64)?]
    var budgets: [String: [Int64]] = [:]
    var starts: [Int64] = []

    /// Whether the guarantees of transactions hold. Without transactions a step that was stored in part is repeated,
    /// and a paused worker may overwrite newer state.
    var isExact: Bool { world.options.delivery == .exactlyOnce }
    /// Whether a job's state may have been overwritten by an older one.
    private(set) var hasOverwrites = false
    /// Events that were published before the state of their job, which happens without transactions.
    private var earlyEvents: [String: [CompletionEvent]] = [:]

    init(_ world: Simulation) {
        self.world = world
        plan = world.plan
        arrivals = Array(repeating: [], count: plan.partitions)
        checkedArrivals = Array(repeating: 0, count: plan.partitions)
        deadLetters = Array(repeating: [:], count: plan.partitions)
        restored = Array(repeating: nil, count: plan.partitions)
        pauses = Array(repeating: [], count: plan.partitions)
    }

    func enqueued(_ content: JobInput.Content, partition: Int, offset: Int64) {
        arrivals[partition].append(Arrival(offset: offset, content: content))
        if case .export(let job) = content { arrivalTimes[job.id, default: [:]][offset] = world.now }
    }

    func workerStarted() { starts.append(world.now) }

    // MARK: Ownership

    /// A worker starts to read a partition's state, up to this offset. From now on no other worker may append to it.
    func restoring(_ partition: Int, worker: WorkerProcess, from end: Int64) {
        if worker.owns(partition) { restored[partition] = (worker.id, end) }
    }

    private func checkOwnership(_ transaction: VirtualLog.Transaction) {
        guard transaction.worker != Recreation.operatorID else { return }
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
        if isExact { checkOwnership(transaction) } else { countOverwrites(transaction) }
        for record in transaction.records {
            switch record {
            case .state(_, .job(let record)): stored(record)
            case .state(_, .forgotten(let id)): forgotten(id, in: transaction)
            case .state(_, .batch(let record)): batchStored(record, in: transaction)
            case .state(_, .batchForgotten(let id)): batchForgotten(id)
            case .state(let partition, .pauses(let newest)): pausesStored(newest, Int(partition))
            case .state(_, .position), .state(_, .origin): break
            case .event(_, let event): published(event, in: transaction)
            case .batchEvent(_, let event): batchPublished(event, in: transaction)
            case .deadLetter(let letter):
                deadLetters[Int(letter.partition)][letter.offset, default: 0] += 1
                if isExact, !isAmbiguous, deadLetters[Int(letter.partition)][letter.offset] != 1 {
                    world.fail("record \(letter.partition)/\(letter.offset) is a dead letter twice")
                }
            }
        }
    }

    func committed(_ positions: [CommitBatch.Position]) {
        for position in positions { checkOffsets(Int(position.partition), upTo: position.offset) }
        for position in positions { checkPauses(Int(position.partition), upTo: position.offset) }
    }

    private func countOverwrites(_ write: VirtualLog.Transaction) {
        for (partition, offset) in write.firstOffsets {
            guard let owner = restored[partition], owner.worker != write.worker, offset >= owner.from else { continue }
            hasOverwrites = true
            world.count("overwrite")
        }
    }

    private func stored(_ record: JobRecord) {
        let id = record.job.id
        if !isExact, lives[id] == nil, let ended = endedLives[id]?.last, ended.record == record {
            // A batch of unknown outcome is written again, with the end of the job and its tombstone.
            endedLives[id]?.removeLast()
            lives[id] = ended
        }
        if !isExact, let known = lives[id]?.record, isReuse(known, record) { forgotten(id) }
        let old = lives[id]?.record
        world.count(Coverage.name(ofTransition: old?.phase, to: record.phase))
        let isAgain = !isExact && (old == record || hasOverwrites)
        if !isAgain, !Self.permits(old?.phase, record.phase), !mayCollapse(old?.phase, record.phase) {
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
            if !hasOverwrites, endedLives[id]?.contains(where: { $0.record.isSameArrival(as: record) }) ?? false {
                world.fail("\(id) at offset \(record.offset) began again after it was forgotten")
            }
            lives[id] = Life(record: record)
            joined(record)
            if !hasOverwrites, !isAmbiguous { checkAcceptance(record) }
        }
        if let old, !isAgain { checkAttempt(old, record) }
        lives[id]?.record = record
        if record.phase == .finished { verifyEarlyEvents(id) }
        if record.phase == .submitting {
            lives[id]?.intents.insert(Intent(attempt: record.attempt, life: record.times.accepted))
        }
        if record.attempt > record.job.maxAttempts { world.fail("\(id) is at attempt \(record.attempt)") }
    }

    /// Whether a record begins another job of an id whose job is over. Without transactions its tombstone is left out.
    private func isReuse(_ known: JobRecord, _ record: JobRecord) -> Bool {
        guard known.phase == .finished, !known.isSameArrival(as: record), let finished = known.times.finished else {
            return false
        }
        return record.times.accepted >= finished.advanced(by: plan.configuration.deduplicationWindow)
    }

    /// Without transactions a batch has only the newest record of a job. The status is polled before the record of the
    /// export is stored, so a batch may skip that record.
    private func mayCollapse(_ old: JobPhase?, _ new: JobPhase) -> Bool {
        !isExact && (old == nil && new == .ready || old == .submitting && (new == .ready || new == .submitting))
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

    private func forgotten(_ id: String, in transaction: VirtualLog.Transaction? = nil) {
        guard let life = lives.removeValue(forKey: id) else {
            // The deletion of a job whose records were refused stays in its batch, and deletes nothing.
            let isRefused = transaction?.rejects(id) ?? false
            if !isRefused, isExact || endedLives[id] == nil { world.fail("\(id) was forgotten and never known") }
            return
        }
        if life.event == nil, !hasOverwrites { world.fail("\(id) was forgotten without an event") }
        left(life.record)
        if !hasOverwrites { checkCleanup(life) }
        endedLives[id, default: []].append(life)
    }

    private func published(_ event: CompletionEvent, in transaction: VirtualLog.Transaction) {
        let id = event.jobID
        checkSource(event)
        guard event.status != .rejected else {
            checkBatchRefusal(event)
            return rejections[id, default: 0] += 1
        }
        batches.publishedStatuses[id, default: []].insert(event.status)
        if !isExact, lives[id].map({ $0.record.phase != .finished || !event.isOf($0.record) }) ?? true {
            return earlyEvents[id, default: []].append(event)
        }
        guard var life = lives[id], life.record.phase == .finished else {
            return world.fail("an event for \(id), whose stored record is not finished")
        }
        life.events += 1
        // A repeated event may be in another form than the first.
        var event = event
        event.form = .whole
        if let known = life.event {
            guard isExact else { return countRepetition(known, event) }
            if known != event { world.fail("\(id) ended twice: \(known.status) and \(event.status)") }
            // A record that is read again after a recovery repeats its job's event.
            let arrived = (pastArrivals + arrivals.joined()).count { $0.isJob(id) }
            let repeats = isAmbiguous ? arrived * 4 : arrived - 1
            if life.events > 1 + repeats { world.fail("the event of \(id) was published \(life.events) times") }
        } else {
            life.event = event
            life.transaction = transaction.id
            verify(event, life)
        }
        lives[id] = life
    }

    /// Verifies events that were published before the state of their job.
    private func verifyEarlyEvents(_ id: String) {
        guard let record = lives[id]?.record, let early = earlyEvents.removeValue(forKey: id) else { return }
        // Those of an id that is used again may come before the tombstone of its earlier job.
        let later = early.filter { !hasOverwrites && !$0.isOf(record) }
        if !later.isEmpty { earlyEvents[id] = later }
        for event in early where hasOverwrites || event.isOf(record) {
            guard var life = lives[id] else { return }
            life.events += 1
            if let known = life.event {
                countRepetition(known, event)
            } else {
                life.event = event
            }
            lives[id] = life
            verify(event, life)
        }
    }

    /// Counts a repeated event. Without transactions a repeated step may end a job differently, because the service or
    /// the clock has changed in between.
    private func countRepetition(_ known: CompletionEvent, _ event: CompletionEvent) {
        world.count("event repeated")
        if known.status != event.status { world.count("ended differently") }
    }
}

extension CompletionEvent {
    /// Whether the event ends the job that this record is of.
    fileprivate func isOf(_ record: JobRecord) -> Bool { source.offset == record.offset }
}

extension JobRecord {
    /// Whether two records come from the same record of the jobs topic.
    fileprivate func isSameArrival(as other: JobRecord) -> Bool {
        offset == other.offset && generation == other.generation
    }
}

extension VirtualLog.Transaction {
    /// Whether it publishes that the job was rejected.
    fileprivate func rejects(_ id: String) -> Bool {
        records.contains { record in
            guard case .event(_, let event) = record else { return false }
            return event.jobID == id && event.status == .rejected
        }
    }
}
