extension PartitionMachine {
    /// Fires due timers, at most `limit` of them, so that a million at once do not block the queue. Each job that the end of
    /// a batch visits counts as one too.
    mutating func fireTimers(at now: EventTime, limit: Int, _ decisions: inout Decisions) {
        endDuePauses(at: now, &decisions)
        var fired = 0
        while fired + decisions.batchEnds.visitedJobs < limit {
            if let place = table.popDue(at: now) {
                fire(place, at: now, &decisions)
            } else if let batch = batches.popDue(at: now) {
                fire(batch: batch, at: now, &decisions)
            } else {
                return
            }
            fired += 1
        }
    }

    private mutating func fire(_ place: JobTable.Index, at now: EventTime, _ decisions: inout Decisions) {
        let entry = table[place]
        let isLimitReached = entry.limit <= now.wall.milliseconds
        switch entry.phase {
        case .finished where isLimitReached: return forget(place, &decisions)
        case .accepted where isLimitReached:
            var record = record(of: place)
            guard deadline(of: record) > now.wall else { return deadlinePassed(place, at: now, &decisions) }
            return submit(&record, attempt: 1, &decisions)
        case .submitting, .waiting, .ready:
            guard isLimitReached else { break }
            // A call in flight is awaited: its answer may be the request id that the event should name. A transfer is
            // not awaited, because its duration has no bound.
            guard entry.activity != .inFlight || entry.isTransferring else { return }
            return deadlinePassed(place, at: now, &decisions)
        case .finished, .accepted: break
        }
        guard entry.activity == .idle else { return }
        switch entry.phase {
        case .accepted: break
        case .submitting: decisions.callsNow.append(call(.create, for: place))
        case .waiting: decisions.callsNow.append(call(.poll, for: place))
        case .ready: decisions.callsNow.append(call(.download, for: place))
        case .finished: cleanUp(place, uponCommit: false, &decisions)
        }
    }

    /// The job waits for `milliseconds`, or for its limit if that comes first.
    mutating func rest(_ place: JobTable.Index, for milliseconds: Int64, from now: EventTime) {
        rest(place)
        table.setWake(place, to: now.monotonic.advanced(by: .milliseconds(milliseconds)))
    }

    /// The job waits for its limit.
    mutating func rest(_ place: JobTable.Index) {
        table[place].activity = .idle
        table.cancelWake(place)
        table.armLimit(place)
    }

    /// Sets the time of the next poll, after one that changed nothing.
    mutating func schedulePoll(_ place: JobTable.Index, at now: EventTime, _ decisions: inout Decisions) {
        let entry = table[place]
        guard entry.limit > now.wall.milliseconds else { return deadlinePassed(place, at: now, &decisions) }
        rest(place, for: pace.interval(age: Self.age(of: entry, at: now), hash: hash(of: entry)), from: now)
    }

    /// How long ago the job's export was submitted, or the job accepted where the first is not known; zero for a time
    /// that lies ahead.
    private static func age(of entry: JobEntry, at now: EventTime) -> Int64 {
        let since = Instant(milliseconds: entry.submitted == JobEntry.none ? entry.accepted : entry.submitted)
        return max(0, since.duration(to: now.wall).wholeMilliseconds)
    }

    /// The hash that determines the job's jitter: of its id and attempt.
    func hash(of entry: JobEntry) -> UInt32 { PollPace.mix(entry.hash, UInt32(entry.attempt)) }

    // MARK: After the end

    /// Starts the cleanup at the service, or waits for the end of the deduplication window.
    mutating func cleanUp(_ place: JobTable.Index, uponCommit: Bool, _ decisions: inout Decisions) {
        let kind: CallKind
        switch table[place].cleanup {
        case .none: return rest(place)
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
        at now: EventTime,
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
        case .notDeletableYet: scheduleCleanup(place, at: now)
        default: cleanUp(place, uponCommit: false, &decisions)
        }
    }

    mutating func dropCleanup(_ place: JobTable.Index, _ decisions: inout Decisions) {
        if table[place].cleanup != .none {
            var record = record(of: place)
            record.cleanup = .none
            decide(record, &decisions)
        }
        rest(place)
    }

    private mutating func scheduleCleanup(_ place: JobTable.Index, at now: EventTime) {
        let entry = table[place]
        rest(place, for: pace.interval(age: Self.age(of: entry, at: now), hash: hash(of: entry)), from: now)
    }

    mutating func forget(_ place: JobTable.Index, _ decisions: inout Decisions) {
        let id = job(of: place).id
        // The job's record also holds the partition's position, which its tombstone would erase.
        let entry = table[place]
        if JobsPosition(generation: entry.generation, offset: entry.offset + 1).isBeyond(writtenPosition) {
            apply(.position(decidedPosition))
            decisions.records.append(.state(partition: partition, .position(decidedPosition)))
        }
        apply(.forgotten(id: id))
        decisions.records.append(.state(partition: partition, .forgotten(id: id)))
    }

    // MARK: Restore

    /// Why the worker cannot continue from the state that was read; `nil` when it can.
    func discontinuity(_ ends: RestoredEnds) -> StopReason? {
        if !ends.dropsOldState {
            if ends.stateLow > origin?.stateStart ?? 0 { return .stateTruncated(start: ends.stateLow) }
            if recordedPosition.generation > origin?.position.generation ?? 0 { return .stateIncomplete }
        }
        if isNew, let committed = ends.committed, committed > 0 { return .stateMissing(committed: committed) }
        guard recordedPosition.offset <= ends.high else {
            return .jobsEndBelowPosition(position: recordedPosition.offset, end: ends.high)
        }
        return nil
    }

    /// Resumes at the end of the log: positions, timers and calls of every restored job.
    ///
    /// The group's committed offset counts only where the state knows no position.
    mutating func resume(_ ends: RestoredEnds, at now: EventTime, _ decisions: inout Decisions) {
        let known = isNew ? ends.committed ?? ends.low : recordedPosition.offset
        position = max(known, ends.low)
        positionTimestamp = position == recordedPosition.offset ? recordedPosition.timestamp : nil
        anchor = recordedPosition.marks.first { $0.offset >= ends.low }
        generation = max(recordedPosition.generation, 1)
        if origin == nil {
            let origin = StateOrigin(position: decidedPosition, stateStart: ends.stateLow)
            apply(.origin(origin))
            decisions.records.append(.state(partition: partition, .origin(origin)))
        }
        var next = table.place(from: 0)
        while let place = next {
            resume(place, at: now, &decisions)
            next = table.place(from: place + 1)
        }
        for batch in batches.indices { resume(batch: batch, at: now, &decisions) }
        endDuePauses(at: now, &decisions)
    }

    private mutating func resume(_ place: JobTable.Index, at now: EventTime, _ decisions: inout Decisions) {
        let entry = table[place]
        switch entry.phase {
        case .accepted: rest(place)
        case .submitting:
            // The previous owner may have sent it. The same idempotency id makes a second POST harmless.
            let token = call(.create, for: place)
            table[place].maySubmitted = true
            decisions.callsNow.append(token)
        case .waiting:
            rest(place, for: pace.firstInterval(age: Self.age(of: entry, at: now), hash: hash(of: entry)), from: now)
        case .ready: decisions.callsNow.append(call(.download, for: place))
        case .finished: cleanUp(place, uponCommit: false, &decisions)
        }
    }
}
