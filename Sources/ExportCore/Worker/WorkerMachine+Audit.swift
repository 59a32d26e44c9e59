extension WorkerMachine {
    /// Looks for a job that nothing would ever wake, and for books that do not agree. For tests:
    /// it looks at every job.
    ///
    /// - Parameters:
    ///   - inFlight: the calls that were asked for and not answered.
    ///   - tables: whether the tables' own books are audited too.
    /// - Returns: what is wrong, or `nil`.
    package func audit(inFlight: Set<CallToken>, tables: Bool) -> String? {
        let waiting = scheduler.waitingTokens + batches.heldCalls
        for index in slots.indices {
            guard let slot = slots[index], slot.takesAnswers else { continue }
            let machine = slot.machine
            if slot.isActive, let complaint = machine.audit(waiting: waiting, inFlight: inFlight) {
                return "partition \(index): \(complaint)"
            }
            if tables, let complaint = machine.table.audit() { return "partition \(index): \(complaint)" }
            let calls = inFlight.count {
                $0.partition == index && $0.epoch == slot.machine.epoch && $0.kind != .download
            }
            if calls != slot.callsInFlight {
                return "partition \(index) counts \(slot.callsInFlight) calls of \(calls)"
            }
        }
        let (calls, downloads) = (inFlight.count { $0.kind != .download }, inFlight.count { $0.kind == .download })
        if scheduler.callsInFlight != calls || scheduler.downloadsInFlight != downloads {
            return
                "\(scheduler.callsInFlight) calls and \(scheduler.downloadsInFlight) downloads are counted, \(calls) and \(downloads) are under way"
        }
        return batches.audit()
    }
}

extension PartitionMachine {
    fileprivate func audit(waiting: [CallToken], inFlight: Set<CallToken>) -> String? {
        // Within an assignment a ticket names a call.
        func tickets(_ tokens: some Sequence<CallToken>) -> Set<UInt32> {
            Set(tokens.lazy.filter { $0.partition == partition && $0.epoch == epoch }.map(\.ticket))
        }
        let (waiting, inFlight) = (tickets(waiting), tickets(inFlight))
        var counts = [Int](repeating: 0, count: countByPhase.count)
        var complaint: String?
        table.forEachIndex { place in
            let entry = table[place]
            counts[Int(entry.phase.rawValue)] += 1
            guard complaint == nil else { return }
            let hasTimer = entry.heapPosition != .max
            let problem: String?
            switch entry.activity {
            case .idle: problem = hasTimer ? nil : "waits for nothing"
            case .queued where entry.account == .max: problem = hasTimer ? nil : "waits for nothing"
            case .queued: problem = waiting.contains(entry.ticket) ? nil : "waits for a call that is not queued"
            case .inFlight: problem = inFlight.contains(entry.ticket) ? nil : "waits for a call that nobody makes"
            }
            if let problem {
                complaint = "job \(record(of: place).job.id) in phase \(entry.phase) \(problem)"
            } else if entry.phase == .finished, !hasTimer {
                complaint = "job \(record(of: place).job.id) would never be forgotten"
            }
        }
        if complaint == nil, counts != countByPhase {
            complaint = "phases are counted \(countByPhase), they are \(counts)"
        }
        return complaint
    }
}

extension JobTable {
    /// Checks the heap, the index and the slab against each other.
    fileprivate func audit() -> String? {
        var jobs = 0
        var timed = 0
        var complaint: String?
        forEachIndex { place in
            jobs += 1
            if self[place].heapPosition != .max { timed += 1 }
            let id = arena.withBytes(self[place].spec) { JobSpecCodec.decode($0).id }
            if find(id) != place { complaint = "job \(id) is not found under its id" }
        }
        if jobs != count { complaint = "\(count) jobs are indexed, \(jobs) are there" }
        return complaint ?? auditTimers(expected: timed)
    }
}
