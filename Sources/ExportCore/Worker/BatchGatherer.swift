/// Gathers the decisions of all partitions and commits them together, one batch at a time: the
/// next one fills while one commits.
struct BatchGatherer {
    struct Batch {
        var commit: CommitBatch
        var calls: [CallToken] = []
        var reports: [Report] = []

        var isEmpty: Bool { commit.records.isEmpty && commit.positions.isEmpty }

        func touches(_ partition: Int32) -> Bool { commit.positions.contains { $0.partition == partition } }

        /// Takes out everything of a partition.
        mutating func drop(_ partition: Int32) -> Int {
            let before = commit.records.count
            commit.records.removeAll { $0.partition == partition }
            commit.positions.removeAll { $0.partition == partition }
            calls.removeAll { $0.partition == partition }
            reports.removeAll { $0.partition == partition }
            return before - commit.records.count
        }
    }

    private enum Committing {
        case nothing
        case underWay(Batch)
        /// Failed and kept: sent again as it is, at `retryAt` or when the group has a new generation.
        case failed(Batch, failures: Int, retryAt: Instant)
        case underWayAgain(Batch, failures: Int)
    }

    private static let longestWait: Duration = .seconds(5)

    private var gathering: Batch
    private var gatheringSince: Instant?
    private var committing = Committing.nothing
    private var lastID: UInt64 = 1
    private let interval: Duration
    private let maxRecords: Int
    private let isAtomic: Bool

    init(_ configuration: CoreConfiguration) {
        interval = configuration.commitInterval
        maxRecords = configuration.maxBatchRecords
        isAtomic = configuration.commitsAreAtomic
        gathering = Batch(commit: CommitBatch(id: 1, records: [], positions: []))
    }

    /// Records that wait for their turn.
    var backlog: Int { gathering.commit.records.count }

    /// Whether the outcome of any decision is open.
    var isIdle: Bool { gathering.isEmpty && committingBatch == nil }

    /// Whether a batch is under way or waits to be sent again.
    var isCommitting: Bool { committingBatch != nil }

    /// Failed commits in a row.
    var failures: Int {
        switch committing {
        case .nothing, .underWay: 0
        case .failed(_, let failures, _), .underWayAgain(_, let failures): failures
        }
    }

    private var committingBatch: Batch? {
        switch committing {
        case .nothing: nil
        case .underWay(let batch), .failed(let batch, _, _), .underWayAgain(let batch, _): batch
        }
    }

    func touches(_ partition: Int32) -> Bool {
        gathering.touches(partition) || committingBatch?.touches(partition) ?? false
    }

    // MARK: Gathering

    mutating func add(_ decisions: Decisions, position: CommitBatch.Position?, at now: Instant) {
        if gathering.isEmpty { gatheringSince = now }
        gathering.commit.records.append(contentsOf: decisions.records)
        gathering.calls.append(contentsOf: decisions.callsUponCommit)
        gathering.reports.append(contentsOf: decisions.reportsUponCommit)
        guard let position else { return }
        if let known = gathering.commit.positions.firstIndex(where: { $0.partition == position.partition }) {
            gathering.commit.positions[known] = position
        } else {
            gathering.commit.positions.append(position)
        }
    }

    /// Takes a partition's decisions out, wherever they are. Those under way may be stored all the same.
    mutating func drop(_ partition: Int32) -> Int {
        var dropped = gathering.drop(partition)
        switch committing {
        case .nothing: break
        case .underWay(var batch):
            committing = .nothing
            dropped += batch.drop(partition)
            committing = .underWay(batch)
        case .underWayAgain(var batch, let failures):
            committing = .nothing
            dropped += batch.drop(partition)
            committing = .underWayAgain(batch, failures: failures)
        case .failed(var batch, let failures, let retryAt):
            committing = .nothing
            dropped += batch.drop(partition)
            committing = batch.isEmpty ? .nothing : .failed(batch, failures: failures, retryAt: retryAt)
        }
        return dropped
    }

    // MARK: Committing

    /// The batch to commit now, if it is time. `isUrgent` when a partition waits to be released.
    mutating func next(at now: Instant, isUrgent: Bool) -> CommitBatch? {
        switch committing {
        case .underWay, .underWayAgain: return nil
        case .failed(let batch, let failures, let retryAt):
            guard retryAt <= now || retryAt > now.advanced(by: Self.longestWait) else { return nil }
            committing = .underWayAgain(batch, failures: failures)
            return batch.commit
        case .nothing:
            guard !gathering.isEmpty, let since = gatheringSince else { return nil }
            let isDue = since.advanced(by: interval) <= now || gathering.commit.records.count >= maxRecords
            // A clock that went back must not hold a batch up.
            guard isDue || isUrgent || now < since else { return nil }
            var batch = gathering
            if !isAtomic { batch.commit.records = Self.collapsed(batch.commit.records) }
            lastID += 1
            gathering = Batch(commit: CommitBatch(id: lastID, records: [], positions: []))
            gatheringSince = nil
            committing = .underWay(batch)
            return batch.commit
        }
    }

    /// One record for each life of a job, its newest, in the place of its first. Where a batch can be stored in part and
    /// is then sent again, its beginning must not take a job back behind what its first sending has stored. In the
    /// first's place, because a job's record also tells how far its partition is decided.
    private static func collapsed(_ records: [OutputRecord]) -> [OutputRecord] {
        struct Life: Hashable {
            var partition: Int32
            var id: String
            var offset: Int64
        }
        var places: [Life: Int] = [:]
        var kept: [OutputRecord] = []
        kept.reserveCapacity(records.count)
        for record in records {
            guard case .state(let partition, .job(let job)) = record else {
                kept.append(record)
                continue
            }
            let life = Life(partition: partition, id: job.job.id, offset: job.offset)
            if let place = places[life] {
                kept[place] = record
            } else {
                places[life] = kept.count
                kept.append(record)
            }
        }
        return kept
    }

    /// When ``next(at:isUrgent:)`` is worth asking again.
    var nextChange: Instant? {
        switch committing {
        case .underWay, .underWayAgain: nil
        case .failed(_, _, let retryAt): retryAt
        case .nothing: gathering.isEmpty ? nil : gatheringSince?.advanced(by: interval)
        }
    }

    /// The batch is stored: what it held back may go now.
    mutating func committed(_ id: UInt64) -> Batch? {
        guard let batch = committingBatch, batch.commit.id == id else { return nil }
        committing = .nothing
        return batch
    }

    /// The batch is not stored; it will be sent again.
    mutating func failed(_ id: UInt64, at now: Instant) {
        guard let batch = committingBatch, batch.commit.id == id else { return }
        let failures = self.failures + 1
        let wait = min(Self.longestWait, .milliseconds(100 << min(failures - 1, 6)))
        committing = batch.isEmpty ? .nothing : .failed(batch, failures: failures, retryAt: now.advanced(by: wait))
    }

    /// What made the last commit fail may be over: try at once.
    mutating func retryNow(at now: Instant) {
        if case .failed(let batch, let failures, _) = committing {
            committing = .failed(batch, failures: failures, retryAt: now)
        }
    }

    // MARK: Auditing

    /// Calls that wait for a commit.
    var heldCalls: [CallToken] { gathering.calls + (committingBatch?.calls ?? []) }

    /// Whether every record stands with the position that fences it.
    func audit() -> String? {
        for batch in [gathering, committingBatch].compactMap({ $0 }) {
            for record in batch.commit.records where !batch.touches(record.partition) {
                return "batch \(batch.commit.id) has a record of partition \(record.partition) without its position"
            }
        }
        return nil
    }
}
