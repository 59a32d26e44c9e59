import ExportCore

/// Kafka as the worker observes it: partitions with transactions and compaction, offsets that are
/// stored or dropped with their transaction, and producers that fence each other.
final class VirtualLog {
    enum Outcome { case open, committed, aborted }

    /// A transaction, from its first record to its marker.
    final class Transaction {
        let id: Int
        let producer: Int
        let producerEpoch: Int
        /// The id of the worker process that started it.
        let worker: Int
        var outcome = Outcome.open
        var records: [OutputRecord] = []
        var offsets: [CommitBatch.Position] = []
        /// The first offset in each state partition.
        var firstOffsets: [(partition: Int, offset: Int64)] = []

        init(id: Int, producer: Int, producerEpoch: Int, worker: Int) {
            self.id = id
            self.producer = producer
            self.producerEpoch = producerEpoch
            self.worker = worker
        }
    }

    private struct StateEntry {
        let offset: Int64
        let transaction: Transaction
        let writtenAt: Int64
        /// `nil` for a transaction's marker.
        let record: StateRecord?

        var key: String? {
            switch record {
            case .job(let record): record.job.id
            case .forgotten(let id): id
            case .batch(let record): "@batch/" + record.batch.id
            case .batchForgotten(let id): "@batch/" + id
            case .pauses: "@control"
            case .position: "@position"
            case .origin: "@origin"
            case nil: nil
            }
        }

        var isTombstone: Bool {
            switch record {
            case .forgotten, .batchForgotten, .pauses([]): true
            case .job, .batch, .pauses, .position, .origin, nil: false
            }
        }
    }

    private(set) var jobs: [[JobInput]]
    private(set) var jobEnds: [Int64]
    private var state: [[StateEntry]]
    private(set) var stateEnds: [Int64]
    private(set) var committed: [Int64?]
    private var open: [Transaction] = []
    private var producerEpochs: [Int: Int] = [:]
    private var lastTransaction = 0
    /// Called for each transaction when it commits, before it can be read.
    var onCommit: (Transaction) -> Void = { _ in }
    /// Called for stored positions.
    var onPositions: ([CommitBatch.Position]) -> Void = { _ in }

    /// Tombstones stay readable this long, so that a restore in progress reads them.
    private static let tombstoneRetention: Int64 = 3_600_000

    init(partitions: Int) {
        jobs = Array(repeating: [], count: partitions)
        jobEnds = Array(repeating: 0, count: partitions)
        state = Array(repeating: [], count: partitions)
        stateEnds = Array(repeating: 0, count: partitions)
        committed = Array(repeating: nil, count: partitions)
    }

    // MARK: Jobs

    func append(
        _ content: JobInput.Content,
        _ original: OriginalRecord? = nil,
        partition: Int,
        gap: Int64,
        at now: Int64 = 0
    ) -> Int64 {
        let offset = jobEnds[partition] + gap
        let original = original ?? OriginalRecord(key: nil, value: Array("record \(partition)/\(offset)".utf8))
        jobs[partition].append(JobInput(offset: offset, content: content, timestamp: now, original: original))
        jobEnds[partition] = offset + 1
        return offset
    }

    /// The jobs partition is deleted and created again: its offsets begin at 0, and the group keeps what it has
    /// committed.
    func recreateJobs(_ partition: Int) {
        jobs[partition] = []
        jobEnds[partition] = 0
    }

    /// Whether the jobs partition holds this record.
    func holdsJob(_ mark: JobsMark, _ partition: Int) -> Bool {
        readJobs(partition, from: mark.offset, limit: 1).first.map {
            $0.offset == mark.offset && $0.timestamp == mark.timestamp
        } ?? false
    }

    /// Up to `limit` jobs from this offset on.
    func readJobs(_ partition: Int, from offset: Int64, limit: Int) -> ArraySlice<JobInput> {
        let inputs = jobs[partition]
        var (low, high) = (0, inputs.count)
        while low < high {
            let middle = (low + high) / 2
            if inputs[middle].offset < offset { low = middle + 1 } else { high = middle }
        }
        return inputs[low..<min(inputs.count, low + limit)]
    }

    // MARK: Producers and transactions

    /// Fences earlier producers of that id and ends their transaction.
    func initialise(producer: Int) -> Int {
        let epoch = (producerEpochs[producer] ?? 0) + 1
        producerEpochs[producer] = epoch
        for transaction in open where transaction.producer == producer { end(transaction, .aborted) }
        return epoch
    }

    /// `nil` when the producer is fenced.
    func begin(producer: Int, epoch: Int, worker: Int) -> Transaction? {
        guard producerEpochs[producer] == epoch else { return nil }
        lastTransaction += 1
        let transaction = Transaction(id: lastTransaction, producer: producer, producerEpoch: epoch, worker: worker)
        open.append(transaction)
        return transaction
    }

    func isOpen(_ transaction: Transaction) -> Bool {
        transaction.outcome == .open && producerEpochs[transaction.producer] == transaction.producerEpoch
    }

    func append(_ records: [OutputRecord], to transaction: Transaction, at now: Int64) {
        transaction.records += records
        for case .state(let partition, let record) in records {
            let index = Int(partition)
            if !transaction.firstOffsets.contains(where: { $0.partition == index }) {
                transaction.firstOffsets.append((index, stateEnds[index]))
            }
            state[index].append(
                StateEntry(offset: stateEnds[index], transaction: transaction, writtenAt: now, record: record)
            )
            stateEnds[index] += 1
        }
    }

    func end(_ transaction: Transaction, _ outcome: Outcome) {
        guard transaction.outcome == .open else { return }
        transaction.outcome = outcome
        open.removeAll { $0 === transaction }
        for (partition, _) in transaction.firstOffsets {
            state[partition].append(
                StateEntry(offset: stateEnds[partition], transaction: transaction, writtenAt: 0, record: nil)
            )
            stateEnds[partition] += 1
        }
        guard outcome == .committed else { return }
        for position in transaction.offsets { committed[Int(position.partition)] = position.offset }
        onCommit(transaction)
        onPositions(transaction.offsets)
    }

    /// Writes records without a transaction: they can be read at once.
    func write(_ records: [OutputRecord], worker: Int, at now: Int64) {
        guard !records.isEmpty else { return }
        lastTransaction += 1
        let write = Transaction(id: lastTransaction, producer: 0, producerEpoch: 0, worker: worker)
        write.outcome = .committed
        append(records, to: write, at: now)
        onCommit(write)
    }

    /// Commits positions without a transaction.
    func commit(_ positions: [CommitBatch.Position]) {
        for position in positions { committed[Int(position.partition)] = position.offset }
        onPositions(positions)
    }

    /// The transaction was open for too long: it is aborted and its producer fenced.
    func expire(_ transaction: Transaction) {
        guard transaction.outcome == .open else { return }
        _ = initialise(producer: transaction.producer)
    }

    /// Whether an open transaction holds an offset of the partition, so that there is no stable one.
    func hasPendingOffset(_ partition: Int) -> Bool {
        open.contains { transaction in transaction.offsets.contains { Int($0.partition) == partition } }
    }

    func forgetOffsets() {
        for partition in committed.indices where !hasPendingOffset(partition) { committed[partition] = nil }
    }

    // MARK: State

    private func lastStableOffset(_ partition: Int) -> Int64 {
        var result = stateEnds[partition]
        for transaction in open {
            for first in transaction.firstOffsets where first.partition == partition {
                result = min(result, first.offset)
            }
        }
        return result
    }

    /// Committed records from `offset` on, and the position after them.
    func readState(_ partition: Int, from offset: Int64, limit: Int) -> (records: [StateRecord], position: Int64) {
        let end = lastStableOffset(partition)
        var records: [StateRecord] = []
        for entry in state[partition] where entry.offset >= offset && entry.offset < end {
            guard entry.transaction.outcome == .committed, let record = entry.record else { continue }
            if records.count == limit { return (records, entry.offset) }
            records.append(record)
        }
        return (records, max(offset, end))
    }

    /// Keeps the newest record of each key below `limit`, as the log cleaner does.
    func compact(_ partition: Int, below limit: Int64, at now: Int64) {
        let limit = min(limit, lastStableOffset(partition))
        var newest: [String: Int64] = [:]
        for entry in state[partition] where entry.offset < limit && entry.transaction.outcome == .committed {
            if let key = entry.key { newest[key] = entry.offset }
        }
        state[partition].removeAll { entry in
            guard entry.offset < limit else { return false }
            guard entry.transaction.outcome == .committed, let key = entry.key else { return true }
            let isOld = entry.writtenAt + Self.tombstoneRetention < now
            return newest[key] != entry.offset || (entry.isTombstone && isOld)
        }
    }

    /// The keys of jobs, batches and pauses whose newest record is not a tombstone.
    func liveKeys(_ partition: Int) -> [String] {
        var live: [String: Bool] = [:]
        for entry in state[partition] where entry.transaction.outcome == .committed {
            guard let key = entry.key, key != "@position", key != "@origin" else { continue }
            live[key] = !entry.isTombstone
        }
        return live.filter(\.value).keys.sorted()
    }
}
