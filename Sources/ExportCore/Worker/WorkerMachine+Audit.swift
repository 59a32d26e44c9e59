extension WorkerMachine {
    /// API calls that wait for their turn, by account; zero while the worker starts no calls because it stops, or
    /// because it owns no partition and has no budget. For tests.
    package var waitingAPICalls: [Int] {
        configuration.accounts.indices.map { account in
            guard scheduler.isOpen, scheduler.rate(ofAccount: account) > 0 else { return 0 }
            return [CallKind.create, .poll, .delete].reduce(0) { $0 + scheduler.waiting(account: account, kind: $1) }
        }
    }

    /// Downloads that could run in a free slot, by account; zero while the worker starts none, because it stops or the
    /// file store accepts no files. For tests.
    package var waitingDownloads: [Int] {
        configuration.accounts.indices.map { account in
            guard scheduler.isOpen, scheduler.downloads.store.problem == nil else { return 0 }
            return scheduler.downloads.accounts[account].waiting + scheduler.downloads.accounts[account].suspended
        }
    }

    /// Checks that every job has a timer or a call that continues it, and that counters are consistent. For tests,
    /// because it visits every job.
    ///
    /// - Parameters:
    ///   - inFlight: the calls that were started and not answered.
    ///   - now: the time of the last event.
    ///   - tables: whether the tables' own counters are checked too.
    /// - Returns: what is wrong, or `nil`.
    package func audit(inFlight: Set<CallToken>, at now: EventTime, tables: Bool) -> String? {
        let waiting = scheduler.waitingTokens + batches.heldCalls
        for index in slots.indices {
            guard let slot = slots[index], slot.takesAnswers else { continue }
            let machine = slot.machine
            // Timers wait for a commit while the next batch is full, and then for the next turn.
            let due = timersLeft ? nil : now
            if slot.isActive,
                let complaint = machine.audit(waiting: waiting + machine.pauses.parked, inFlight: inFlight, due: due)
                    ?? machine.auditManifests(waiting: waiting, inFlight: inFlight) ?? machine.auditPauses()
            {
                return "partition \(index): \(complaint)"
            }
            if tables, let complaint = machine.table.audit() ?? machine.auditBatches() {
                return "partition \(index): \(complaint)"
            }
            let calls = inFlight.count {
                $0.partition == index && $0.epoch == slot.machine.epoch && !$0.kind.isTransfer
            }
            if calls != slot.callsInFlight {
                return "partition \(index) counts \(slot.callsInFlight) calls of \(calls)"
            }
        }
        let (calls, downloads) = (inFlight.count { !$0.kind.isTransfer }, inFlight.count { $0.kind.isTransfer })
        let countedDownloads = scheduler.downloads.runningCount + scheduler.downloads.suspendedCount
        if scheduler.callsInFlight != calls || countedDownloads != downloads {
            return
                "\(scheduler.callsInFlight) calls and \(countedDownloads) downloads are counted, \(calls) and \(downloads) are in flight"
        }
        return slots.audit() ?? batches.audit()
    }
}

extension PartitionMachine {
    /// - Parameter due: Up to when timers must have fired; `nil` while they wait.
    fileprivate func audit(waiting: [CallToken], inFlight: Set<CallToken>, due: EventTime?) -> String? {
        // Call IDs are unique within an assignment.
        func callIDs(_ tokens: some Sequence<CallToken>) -> Set<UInt32> {
            Set(tokens.lazy.filter { $0.partition == partition && $0.epoch == epoch }.map(\.callID))
        }
        let (waiting, inFlight) = (callIDs(waiting), callIDs(inFlight))
        var counts = [Int](repeating: 0, count: countByPhase.count)
        var pending = [Int](repeating: 0, count: pendingByAccount.count)
        var complaint: String?
        table.forEachIndex { place in
            let entry = table[place]
            counts[Int(entry.phase.rawValue)] += 1
            if entry.phase == .submitting, !pauses.holds(.create, account: entry.account, kind: entry.kind) {
                pending[min(Int(entry.account), pending.count - 1)] += 1
            }
            guard complaint == nil else { return }
            let problem: String?
            switch entry.activity {
            case .idle where entry.phase != .accepted && !(entry.phase == .finished && entry.cleanup == .none):
                problem = table.hasWake(place) ? nil : "waits for nothing"
            case .idle: problem = nil
            case .queued where entry.account == .max: problem = nil
            case .queued: problem = waiting.contains(entry.callID) ? nil : "waits for a call that is not queued"
            case .inFlight where entry.isTransferring && entry.limit < due?.wall.milliseconds ?? .min:
                problem = "transfers its file beyond its deadline"
            case .inFlight: problem = inFlight.contains(entry.callID) ? nil : "waits for a call that is not in flight"
            }
            if let problem {
                complaint = "job \(record(of: place).job.id) in phase \(entry.phase) \(problem)"
            } else if entry.activity != .inFlight, !table.hasLimit(place) {
                complaint = "job \(record(of: place).job.id) in phase \(entry.phase) has no limit"
            }
        }
        if complaint == nil, counts != countByPhase {
            complaint = "phases are counted as \(countByPhase), they are \(counts)"
        }
        if complaint == nil, pending != pendingByAccount {
            complaint = "pending jobs are counted as \(pendingByAccount), they are \(pending)"
        }
        return complaint
    }
}

extension PartitionMachine {
    /// Checks that every manifest that is to be stored has a call or a timer.
    fileprivate func auditManifests(waiting: [CallToken], inFlight: Set<CallToken>) -> String? {
        for place in batches.indices {
            let batch = batches[place]
            guard let record = batch.record, record.published == nil else { continue }
            func isOfBatch(_ token: CallToken) -> Bool {
                token.kind == .manifest && token.partition == partition && token.epoch == epoch
                    && token.callID == batch.callID
            }
            let isServed =
                switch batch.activity {
                case .idle: batches.hasWake(place)
                case .queued: waiting.contains(where: isOfBatch)
                case .inFlight: inFlight.contains(where: isOfBatch)
                }
            if !isServed { return "the manifest of batch \(batch.batch.id) waits for nothing" }
        }
        return nil
    }

    /// Checks that batches and jobs agree about their members, and that every open batch has something that ends it.
    fileprivate func auditBatches() -> String? {
        var (listed, members) = (0, 0)
        for place in batches.indices {
            let batch = batches[place]
            listed += batch.members.count
            let ended = batch.members.count { table[$0].phase == .finished }
            guard batch.endedCount == ended, batch.members.allSatisfy({ table.batch(of: $0) == place }) else {
                return "batch \(batch.batch.id) counts \(batch.endedCount) of \(ended) ended jobs, or jobs of others"
            }
            if ended == batch.members.count, !batches.hasTimer(place) { return "batch \(batch.batch.id) has no timer" }
        }
        table.forEachIndex { place in if table.batch(of: place) != nil { members += 1 } }
        return listed == members ? batches.audit() : "batches list \(listed) jobs, \(members) have one"
    }
}

extension JobTable {
    /// Checks the heaps, the index and the slab against each other.
    fileprivate func audit() -> String? {
        var jobs = 0
        var (wakes, limits) = (0, 0)
        var complaint: String?
        forEachIndex { place in
            jobs += 1
            if hasWake(place) { wakes += 1 }
            if hasLimit(place) { limits += 1 }
            let id = arena.withBytes(self[place].spec) { JobSpecCodec.decode($0).id }
            if find(id) != place { complaint = "job \(id) is not found under its id" }
        }
        if jobs != count { complaint = "\(count) jobs are indexed, \(jobs) are there" }
        return complaint ?? auditTimers(wakes: wakes, limits: limits)
    }
}
