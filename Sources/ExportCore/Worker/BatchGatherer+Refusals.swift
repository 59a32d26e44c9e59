/// Identifies one job, because a job's id may be used again after it was forgotten.
struct JobLife: Hashable {
    let partition: Int32
    let id: String
    let accepted: Instant

    init(partition: Int32, _ record: JobRecord) {
        self.partition = partition
        id = record.job.id
        accepted = record.times.accepted
    }

    init(partition: Int32, _ event: CompletionEvent) {
        self.partition = partition
        id = event.jobID
        accepted = event.times.accepted
    }

    /// Whether the record belongs to this job. A rejection belongs to a record of the jobs topic, not to a job.
    func owns(_ record: OutputRecord) -> Bool {
        switch record {
        case .state(let partition, .job(let record)): self == JobLife(partition: partition, record)
        case .event(let partition, let event):
            event.status != .rejected && self == JobLife(partition: partition, event)
        case .state, .batchEvent, .deadLetter: false
        }
    }

    func owns(_ report: Report) -> Bool {
        guard case .ended(let partition, let event) = report else { return false }
        return owns(.event(partition: partition, event))
    }
}

/// A record that was taken out of a batch because the broker refuses it in every form.
struct DroppedRecord {
    let record: OutputRecord
    /// The number of its gap in the batch.
    fileprivate let gap: Int
}

extension BatchGatherer {
    /// Reduces refused records to a smaller form and removes those that have none. The batch is sent again at once.
    ///
    /// - Returns: the records that were taken out; `nil` when none of the refusals is about the batch on its way.
    mutating func refused(_ id: UInt64, _ refusals: [OutputRefusal], at now: MonotonicInstant) -> [DroppedRecord]? {
        guard var batch = committingBatch, batch.commit.id == id else { return nil }
        let failures = failures
        committing = .nothing
        var gone: Set<Int> = []
        var isChanged = false
        for refusal in refusals {
            guard let place = batch.place(ofSent: refusal.index) else { continue }
            isChanged = true
            if let smaller = batch.commit.records[place].smaller(than: refusal.form) {
                batch.commit.records[place] = smaller
            } else {
                gone.insert(place)
            }
        }
        batch.isInFlight = false
        let places = gone.sorted()
        let dropped = places.enumerated().map { DroppedRecord(record: batch.commit.records[$1], gap: $0) }
        batch.gaps = places.enumerated().map { $1 - $0 }
        batch.commit.records = batch.commit.records.indices.filter { !gone.contains($0) }.map {
            batch.commit.records[$0]
        }
        batch.heldBytes = batch.commit.records.reduce(0) { $0 + $1.heldBytes }
        committing = batch.isEmpty ? .nothing : .failed(batch, failures: failures, retryAt: now)
        return isChanged ? dropped : nil
    }

    /// The position of a partition in the batch that is in flight or is sent again.
    func committingPosition(of partition: Int32) -> Int64? {
        committingBatch?.commit.positions.first { $0.partition == partition }?.offset
    }

    /// The record of the job's end, if it is not committed yet.
    func uncommittedEnd(of life: JobLife) -> JobRecord? {
        for batch in [gathering, committingBatch].compactMap({ $0 }) {
            for case .state(let partition, .job(let record)) in batch.commit.records
            where record.phase == .finished && JobLife(partition: partition, record) == life {
                return record
            }
        }
        return nil
    }

    /// Removes all uncommitted records and reports of a job whose record was dropped.
    ///
    /// - Returns: where the first of its records stood in the batch that is sent again; what is decided instead belongs
    ///   there. Behind later records of the partition, a batch that is stored in part would pass the job over. Behind the
    ///   job's tombstone, it would restore the job, and before the tombstone of an earlier job of that id it would be
    ///   deleted.
    mutating func withdraw(_ life: JobLife, replacing dropped: DroppedRecord) -> Int {
        gathering.removeAll(of: life)
        guard case .failed(var batch, let failures, let retryAt) = committing else { return 0 }
        committing = .nothing
        let first = batch.commit.records.firstIndex { life.owns($0) }
        batch.removeAll(of: life)
        committing = .failed(batch, failures: failures, retryAt: retryAt)
        return min(first ?? .max, batch.gaps[dropped.gap])
    }

    /// Removes the end of a batch, if it is not committed yet, because a record of one of its jobs was refused.
    ///
    /// - Returns: whether there was one.
    mutating func withdrawEnd(ofBatch id: String, partition: Int32) -> Bool {
        var isFound = gathering.removeEnd(ofBatch: id, partition: partition)
        guard case .failed(var batch, let failures, let retryAt) = committing else { return isFound }
        committing = .nothing
        if batch.removeEnd(ofBatch: id, partition: partition) { isFound = true }
        committing = .failed(batch, failures: failures, retryAt: retryAt)
        return isFound
    }

    /// Adds the decisions that replace a dropped record to the batch that is sent again.
    mutating func amend(
        _ decisions: Decisions,
        replacing dropped: DroppedRecord,
        at place: Int,
        now: MonotonicInstant
    ) {
        guard case .failed(var batch, let failures, let retryAt) = committing else {
            return add(decisions, position: nil, at: now)
        }
        committing = .nothing
        batch.insert(decisions.records, at: place, gap: dropped.gap)
        batch.calls.append(contentsOf: decisions.callsUponCommit)
        batch.reports.append(contentsOf: decisions.reportsUponCommit)
        committing = .failed(batch, failures: failures, retryAt: retryAt)
    }
}

extension BatchGatherer.Batch {
    fileprivate mutating func removeAll(of life: JobLife) {
        removeRecords { life.owns($0) }
        reports.removeAll { life.owns($0) }
    }

    /// Returns whether there was anything to remove.
    fileprivate mutating func removeEnd(ofBatch id: String, partition: Int32) -> Bool {
        let before = commit.records.count
        removeRecords { record in
            switch record {
            case .state(partition, .batch(let record)): record.batch.id == id
            case .batchEvent(partition, let event): event.batch.id == id
            case .state, .event, .batchEvent, .deadLetter: false
            }
        }
        reports.removeAll { if case .batchEnded(partition, let event) = $0 { event.batch.id == id } else { false } }
        return commit.records.count < before
    }

    /// Inserts the records that fill a gap. Position records go to the end: they count all records of the batch as decided.
    fileprivate mutating func insert(_ records: [OutputRecord], at place: Int, gap: Int) {
        var (inserted, positions): ([OutputRecord], [OutputRecord]) = ([], [])
        for record in records {
            heldBytes += record.heldBytes
            if case .state(_, .position) = record { positions.append(record) } else { inserted.append(record) }
        }
        commit.records.insert(contentsOf: inserted, at: place)
        commit.records.append(contentsOf: positions)
        gaps = gaps.enumerated().map { number, other in
            other > place || (other == place && number > gap) ? other + inserted.count : other
        }
    }
}
