/// Batches the decisions of all partitions and commits one batch at a time. The next batch fills meanwhile.
struct BatchGatherer {
    struct Batch {
        var commit: CommitBatch
        var calls: [CallToken] = []
        var reports: [Report] = []
        /// The ends of pauses among the records, which count when the batch is committed.
        var endsOfPauses: [(partition: Int32, epoch: Epoch, revision: UInt32)] = []
        /// Bytes that the records hold in memory until they are committed.
        var heldBytes = 0
        /// Whether the batch is in flight. Only then ``sentPlaces`` matters; other batches still change.
        var isInFlight = false {
            didSet {
                sentPlaces = nil
                gaps = []
            }
        }
        /// The place of each record when the batch was sent; `nil` while none has been removed since.
        private(set) var sentPlaces: [Int]?
        /// Where refused records were taken out, as indices of the records behind them, until their replacements are
        /// decided.
        var gaps: [Int] = []

        var isEmpty: Bool { commit.records.isEmpty && commit.positions.isEmpty }

        func touches(_ partition: Int32) -> Bool { commit.positions.contains { $0.partition == partition } }

        /// Removes everything of a partition. Returns the number of records.
        mutating func drop(_ partition: Int32) -> Int {
            let before = commit.records.count
            removeRecords { $0.partition == partition }
            commit.positions.removeAll { $0.partition == partition }
            calls.removeAll { $0.partition == partition }
            reports.removeAll { $0.partition == partition }
            endsOfPauses.removeAll { $0.partition == partition }
            return before - commit.records.count
        }

        /// Removes records and keeps track of the places of the others in the batch as it was sent.
        mutating func removeRecords(where isGone: (OutputRecord) -> Bool) {
            let kept = commit.records.indices.filter { !isGone(commit.records[$0]) }
            guard kept.count < commit.records.count else { return }
            if isInFlight {
                let places = sentPlaces
                sentPlaces = kept.map { places?[$0] ?? $0 }
            }
            gaps = gaps.map { gap in kept.count { $0 < gap } }
            commit.records = kept.map { commit.records[$0] }
            heldBytes = commit.records.reduce(0) { $0 + $1.heldBytes }
        }

        /// The present place of the record that was sent at this place; `nil` when it has been removed.
        func place(ofSent index: Int) -> Int? {
            guard let sentPlaces else { return commit.records.indices.contains(index) ? index : nil }
            return sentPlaces.firstIndex(of: index)
        }
    }

    enum Committing {
        case nothing
        case inFlight(Batch)
        /// Failed and kept: sent again unchanged, at `retryAt` or when the group has a new generation.
        case failed(Batch, failures: Int, retryAt: MonotonicInstant)
        case retrying(Batch, failures: Int)
    }

    private static let longestWait: Duration = .seconds(5)

    var gathering: Batch
    private var gatheringSince: MonotonicInstant?
    var committing = Committing.nothing
    private var lastID: UInt64 = 1
    private let interval: Duration
    private let maxRecords: Int
    private let maxBytes: Int
    private let isAtomic: Bool

    init(_ configuration: CoreConfiguration) {
        interval = configuration.commitInterval
        maxRecords = configuration.maxBatchRecords
        maxBytes = configuration.maxBatchBytes
        isAtomic = configuration.commitsAreAtomic
        gathering = Batch(commit: CommitBatch(id: 1, records: [], positions: []))
    }

    /// Records that wait for the next batch.
    var backlog: Int { gathering.commit.records.count }

    /// Bytes that these records hold in memory.
    var backlogBytes: Int { gathering.heldBytes }

    /// How many records may be added by decisions that can wait: a batch must fit into one transaction, however long the
    /// one before takes.
    var room: Int { backlogBytes < maxBytes * 2 ? max(0, maxRecords * 2 - backlog) : 0 }

    /// Whether the backlog is short again after it was full.
    var isShort: Bool { backlog < maxRecords && backlogBytes < maxBytes }

    /// Whether every decision is committed.
    var isIdle: Bool { gathering.isEmpty && committingBatch == nil }

    /// Whether a batch is in flight or waits to be sent again.
    var isCommitting: Bool { committingBatch != nil }

    /// Consecutive failed commits.
    var failures: Int {
        switch committing {
        case .nothing, .inFlight: 0
        case .failed(_, let failures, _), .retrying(_, let failures): failures
        }
    }

    var committingBatch: Batch? {
        switch committing {
        case .nothing: nil
        case .inFlight(let batch), .failed(let batch, _, _), .retrying(let batch, _): batch
        }
    }

    func touches(_ partition: Int32) -> Bool {
        gathering.touches(partition) || committingBatch?.touches(partition) ?? false
    }

    // MARK: Gathering

    mutating func add(_ decisions: Decisions, position: CommitBatch.Position?, at now: MonotonicInstant) {
        if gathering.isEmpty { gatheringSince = now }
        gathering.commit.records.append(contentsOf: decisions.records)
        for record in decisions.records { gathering.heldBytes += record.heldBytes }
        gathering.calls.append(contentsOf: decisions.callsUponCommit)
        gathering.reports.append(contentsOf: decisions.reportsUponCommit)
        guard let position else { return }
        if let revision = decisions.endOfPauses {
            // The newest includes the earlier ones.
            gathering.endsOfPauses.removeAll { $0.partition == position.partition }
            gathering.endsOfPauses.append((position.partition, position.epoch, revision))
        }
        if let known = gathering.commit.positions.firstIndex(where: { $0.partition == position.partition }) {
            gathering.commit.positions[known] = position
        } else {
            gathering.commit.positions.append(position)
        }
    }

    /// Removes a partition's decisions from all batches. Those in flight may still be stored.
    mutating func drop(_ partition: Int32) -> Int {
        var dropped = gathering.drop(partition)
        switch committing {
        case .nothing: break
        case .inFlight(var batch):
            committing = .nothing
            dropped += batch.drop(partition)
            committing = .inFlight(batch)
        case .retrying(var batch, let failures):
            committing = .nothing
            dropped += batch.drop(partition)
            committing = .retrying(batch, failures: failures)
        case .failed(var batch, let failures, let retryAt):
            committing = .nothing
            dropped += batch.drop(partition)
            committing = batch.isEmpty ? .nothing : .failed(batch, failures: failures, retryAt: retryAt)
        }
        return dropped
    }

    // MARK: Committing

    /// The batch to commit now, if it is time. `isUrgent` when a partition waits to be released.
    mutating func next(at now: MonotonicInstant, isUrgent: Bool) -> CommitBatch? {
        switch committing {
        case .inFlight, .retrying: return nil
        case .failed(var batch, let failures, let retryAt):
            guard retryAt <= now else { return nil }
            batch.isInFlight = true
            committing = .retrying(batch, failures: failures)
            return batch.commit
        case .nothing:
            guard !gathering.isEmpty, let since = gatheringSince else { return nil }
            let isFull = gathering.commit.records.count >= maxRecords || gathering.heldBytes >= maxBytes
            let isDue = isFull || since.advanced(by: interval) <= now
            guard isDue || isUrgent else { return nil }
            var batch = gathering
            batch.isInFlight = true
            if !isAtomic { batch.commit.records = Self.collapsed(batch.commit.records) }
            lastID += 1
            gathering = Batch(commit: CommitBatch(id: lastID, records: [], positions: []))
            gatheringSince = nil
            committing = .inFlight(batch)
            return batch.commit
        }
    }

    /// Keeps one record for each job and one of each partition's pauses: its newest, in the place of its first. A batch that was stored in part is sent
    /// again, and its first records must not revert a job to an earlier state. The first place, because a job's record
    /// also holds the position of its partition. A tombstone is left out if its id is used again in the batch: sent again,
    /// it would delete the new job.
    private static func collapsed(_ records: [OutputRecord]) -> [OutputRecord] {
        struct Key: Hashable {
            var partition: Int32
            var id: String
        }
        // The newest record and the tombstone of each id, by their places.
        var places: [Key: (job: Int?, tombstone: Int?)] = [:]
        var pauses: [Int32: Int] = [:]
        var kept: [OutputRecord?] = []
        kept.reserveCapacity(records.count)
        for record in records {
            switch record {
            case .state(let partition, .job(let job)):
                let key = Key(partition: partition, id: job.job.id)
                if let place = places[key]?.job, case .state(_, .job(let known)) = kept[place],
                    known.offset == job.offset, known.generation == job.generation
                {
                    kept[place] = record
                    continue
                }
                if let tombstone = places[key]?.tombstone { kept[tombstone] = nil }
                places[key] = (kept.count, nil)
            case .state(let partition, .forgotten(let id)):
                places[Key(partition: partition, id: id), default: (nil, nil)].tombstone = kept.count
            case .state(let partition, .pauses):
                if let place = pauses[partition] {
                    kept[place] = record
                    continue
                }
                pauses[partition] = kept.count
            case .state, .event, .batchEvent, .deadLetter: break
            }
            kept.append(record)
        }
        return kept.compactMap { $0 }
    }

    /// When ``next(at:isUrgent:)`` may return a batch.
    var nextChange: MonotonicInstant? {
        switch committing {
        case .inFlight, .retrying: nil
        case .failed(_, _, let retryAt): retryAt
        case .nothing: gathering.isEmpty ? nil : gatheringSince?.advanced(by: interval)
        }
    }

    /// The batch is stored: returns it, with the calls and reports that waited for it.
    mutating func committed(_ id: UInt64) -> Batch? {
        guard let batch = committingBatch, batch.commit.id == id else { return nil }
        committing = .nothing
        return batch
    }

    /// The batch is not stored; it will be sent again.
    mutating func failed(_ id: UInt64, at now: MonotonicInstant) {
        guard var batch = committingBatch, batch.commit.id == id else { return }
        batch.isInFlight = false
        let failures = self.failures + 1
        let wait = min(Self.longestWait, .milliseconds(100 << min(failures - 1, 6)))
        committing = batch.isEmpty ? .nothing : .failed(batch, failures: failures, retryAt: now.advanced(by: wait))
    }

    /// Retries a failed commit at once.
    mutating func retryNow(at now: MonotonicInstant) {
        if case .failed(let batch, let failures, _) = committing {
            committing = .failed(batch, failures: failures, retryAt: now)
        }
    }

    // MARK: Auditing

    /// Calls that wait for a commit.
    var heldCalls: [CallToken] { gathering.calls + (committingBatch?.calls ?? []) }

    /// Checks that every record has the position that fences it.
    func audit() -> String? {
        for batch in [gathering, committingBatch].compactMap({ $0 }) {
            for record in batch.commit.records where !batch.touches(record.partition) {
                return "batch \(batch.commit.id) has a record of partition \(record.partition) without its position"
            }
        }
        return nil
    }
}
