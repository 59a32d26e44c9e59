extension PartitionMachine {
    /// Lets timers fire, at most `limit` of them, so that a million at once do not hold up the queue.
    mutating func fireTimers(at now: Instant, limit: Int, _ decisions: inout Decisions) {
        for _ in 0..<limit {
            guard let place = table.popDue(at: now) else { return }
            fire(place, at: now, &decisions)
        }
    }

    private mutating func fire(_ place: JobTable.Index, at now: Instant, _ decisions: inout Decisions) {
        let entry = table[place]
        if entry.phase == .finished {
            if windowEnd(entry) <= now.milliseconds { return forget(place, &decisions) }
            if entry.activity == .idle { return cleanUp(place, uponCommit: false, &decisions) }
            return table.setTimer(place, to: windowEnd(entry))
        }
        if entry.deadline <= now.milliseconds {
            // The answer that is under way is awaited: it may be the request id that the event should name.
            guard entry.activity != .inFlight else { return }
            return deadlinePassed(place, at: now, &decisions)
        }
        // The deadline's timer of a job with a call: not due after all, or the clock went back.
        guard entry.activity == .idle else { return table.setTimer(place, to: entry.deadline) }
        switch entry.phase {
        case .accepted:
            var record = record(of: place)
            submit(&record, attempt: 1, &decisions)
        case .submitting: decisions.callsNow.append(call(.create, for: place))
        case .waiting: decisions.callsNow.append(call(.poll, for: place))
        case .ready: decisions.callsNow.append(call(.download, for: place))
        case .finished: break
        }
    }

    /// The job is left alone until `wake`, or until its deadline if that comes first.
    mutating func rest(_ place: JobTable.Index, until wake: Int64) {
        table[place].activity = .idle
        let limit = table[place].phase == .finished ? windowEnd(table[place]) : table[place].deadline
        table.setTimer(place, to: min(wake, limit))
    }

    /// Sets the time of the next look, after one that changed nothing.
    mutating func look(_ place: JobTable.Index, at now: Instant, _ decisions: inout Decisions) {
        let entry = table[place]
        guard entry.deadline > now.milliseconds else { return deadlinePassed(place, at: now, &decisions) }
        let since = entry.submitted == JobEntry.none ? entry.accepted : entry.submitted
        let wait = pace.interval(age: max(0, now.milliseconds - since), hash: hash(of: entry))
        rest(place, until: now.advanced(by: .milliseconds(wait)).milliseconds)
    }

    /// The job's fixed share of jitter: of its id and attempt.
    func hash(of entry: JobEntry) -> UInt32 { PollPace.mix(entry.hash, UInt32(entry.attempt)) }

    // MARK: After the end

    /// Starts what is still to be done at the service, or waits for the window's end.
    mutating func cleanUp(_ place: JobTable.Index, uponCommit: Bool, _ decisions: inout Decisions) {
        let kind: CallKind
        switch table[place].cleanup {
        case .none: return rest(place, until: .max)
        case .findThenDelete: kind = .create
        case .delete: kind = .delete
        }
        let token = call(kind, for: place)
        if uponCommit { decisions.callsUponCommit.append(token) } else { decisions.callsNow.append(token) }
    }

    mutating func cleanupAnswered(
        _ place: JobTable.Index,
        _ kind: CallKind,
        _ result: CallResult,
        at now: Instant,
        _ decisions: inout Decisions
    ) {
        switch result {
        case .created(let requestID) where table[place].cleanup == .findThenDelete:
            var record = record(of: place)
            record.requestID = requestID
            record.cleanup = .delete
            decide(record, &decisions)
            cleanUp(place, uponCommit: true, &decisions)
        case .deleted: dropCleanup(place, &decisions)
        case .notFound where kind == .delete || kind == .create: dropCleanup(place, &decisions)
        case .notDeletableYet: look(place, afterEndAt: now)
        default: cleanUp(place, uponCommit: false, &decisions)
        }
    }

    mutating func dropCleanup(_ place: JobTable.Index, _ decisions: inout Decisions) {
        if table[place].cleanup != .none {
            var record = record(of: place)
            record.cleanup = .none
            decide(record, &decisions)
        }
        rest(place, until: .max)
    }

    private mutating func look(_ place: JobTable.Index, afterEndAt now: Instant) {
        let entry = table[place]
        let wait = pace.interval(age: max(0, now.milliseconds - entry.accepted), hash: hash(of: entry))
        rest(place, until: now.advanced(by: .milliseconds(wait)).milliseconds)
    }

    private mutating func forget(_ place: JobTable.Index, _ decisions: inout Decisions) {
        let id = table.arena.withBytes(table[place].spec) { JobSpecCodec.decode($0).id }
        // The job's record told how far the partition was decided; with its tombstone that would be forgotten too.
        if table[place].offset >= writtenPosition {
            apply(.position(position))
            decisions.records.append(.state(partition: partition, .position(position)))
        }
        apply(.forgotten(id: id))
        decisions.records.append(.state(partition: partition, .forgotten(id: id)))
    }

    /// The clock went back: no look and no repetition is further away than the longest wait.
    mutating func clockWentBack(to now: Instant) {
        let longest = max(configuration.pollMaxInterval, configuration.retryMaxInterval).wholeMilliseconds
        var places: [JobTable.Index] = []
        table.forEachIndex { place in
            let entry = table[place]
            let isTimed = entry.phase == .finished ? entry.cleanup != .none : entry.phase != .accepted
            if entry.activity == .idle, isTimed, entry.wake > now.milliseconds + longest { places.append(place) }
        }
        for place in places {
            let wait = PollPace.fraction(of: longest, hash(of: table[place]))
            rest(place, until: now.advanced(by: .milliseconds(wait)).milliseconds)
        }
    }

    // MARK: Restore

    /// Goes on where the log ends: positions, timers and calls of every restored job.
    ///
    /// - Parameter committed: the group's committed offset, or where the partition begins.
    mutating func resume(committed: Int64, at now: Instant, _ decisions: inout Decisions) {
        position = max(committed, recordedPosition)
        var places: [JobTable.Index] = []
        places.reserveCapacity(table.count)
        table.forEachIndex { places.append($0) }
        for place in places { resume(place, at: now, &decisions) }
    }

    private mutating func resume(_ place: JobTable.Index, at now: Instant, _ decisions: inout Decisions) {
        let entry = table[place]
        switch entry.phase {
        case .accepted:
            let job = table.arena.withBytes(entry.spec) { JobSpecCodec.decode($0) }
            rest(place, until: job.notBefore?.milliseconds ?? now.milliseconds)
        case .submitting:
            // The worker before may have sent it. The same idempotency id makes asking again harmless.
            let token = call(.create, for: place)
            table[place].maySubmitted = true
            decisions.callsNow.append(token)
        case .waiting:
            let since = entry.submitted == JobEntry.none ? entry.accepted : entry.submitted
            let wait = pace.firstInterval(age: max(0, now.milliseconds - since), hash: hash(of: entry))
            rest(place, until: now.advanced(by: .milliseconds(wait)).milliseconds)
        case .ready: decisions.callsNow.append(call(.download, for: place))
        case .finished: cleanUp(place, uponCommit: false, &decisions)
        }
    }
}
