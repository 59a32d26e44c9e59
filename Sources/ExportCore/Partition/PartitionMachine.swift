/// The jobs of one partition and every decision about them.
///
/// A decision yields records. Only `apply` changes a job, live and during restore alike. A record is
/// applied when it is decided; its effects outside (a call, an event) wait for its commit. Decisions are
/// therefore final within an assignment: a transaction that aborts is sent again unchanged, and when that is
/// impossible the whole partition is dropped and restored from the log.
///
/// States and transitions are listed in `ExportCore.docc/Life-of-a-job.md`, which a test checks.
struct PartitionMachine {
    let partition: Int32
    let epoch: Epoch
    let configuration: CoreConfiguration
    let pace: PollPace
    let backOff: BackOff
    private let accountNumbers: [String: UInt16]

    var table = JobTable()
    var batches = JobBatchTable()
    var pauses = PauseTable()
    /// The next offset of the jobs partition that is not decided yet.
    var position: Int64 = 0
    /// The timestamp of the newest record that is decided.
    var positionTimestamp: Int64?
    /// A record that is known to be of the jobs partition that was restored.
    var anchor: JobsMark?
    /// The position that a restore would find in the state partition alone.
    private(set) var recordedPosition = JobsPosition()
    /// The newest position in a position record.
    private(set) var writtenPosition = JobsPosition()
    /// Where the state begins; `nil` until its record is read or decided.
    private(set) var origin: StateOrigin?
    /// The life of the jobs partition that decisions are about.
    var generation: UInt32 = 0
    private var lastCallID: UInt32 = 0
    /// Jobs by phase, indexed by the phase's raw value.
    private(set) var countByPhase = [Int](repeating: 0, count: JobPhase.allCases.count + 1)
    /// Jobs that are to be submitted, by account and kind. The last account stands for all that are not configured.
    private var submitting: [Int]
    /// Those of them that no pause holds back, by account.
    private(set) var pendingByAccount: [Int]

    init(partition: Int32, epoch: Epoch, configuration: CoreConfiguration) {
        self.partition = partition
        self.epoch = epoch
        self.configuration = configuration
        pace = PollPace(minimum: configuration.pollMinInterval, maximum: configuration.pollMaxInterval)
        backOff = BackOff(minimum: configuration.retryMinInterval, maximum: configuration.retryMaxInterval)
        var numbers: [String: UInt16] = [:]
        for (number, name) in configuration.accounts.enumerated() { numbers[name] = UInt16(number) }
        accountNumbers = numbers
        pendingByAccount = [Int](repeating: 0, count: configuration.accounts.count + 1)
        submitting = [Int](repeating: 0, count: pendingByAccount.count * ExportKind.allCases.count)
    }

    /// Jobs that are not finished.
    var activeCount: Int { table.count - countByPhase[Int(JobPhase.finished.rawValue)] }

    func count(of phase: JobPhase) -> Int { countByPhase[Int(phase.rawValue)] }

    func number(ofAccount name: String) -> UInt16? { accountNumbers[name] }

    /// Whether the state partition knows no position: it is empty.
    var isNew: Bool { origin == nil && recordedPosition.offset == 0 }

    // MARK: Records

    /// The job's newest record, as a restore would find it.
    func record(of place: JobTable.Index) -> JobRecord {
        let entry = table[place]
        let details = table.details(of: entry)
        var times = JobTimes(accepted: Instant(milliseconds: entry.accepted))
        times.submitted = Self.instant(entry.submitted)
        times.ready = Self.instant(entry.ready)
        times.finished = Self.instant(entry.finished)
        return JobRecord(
            job: job(of: place),
            offset: entry.offset,
            phase: entry.phase,
            attempt: Int(entry.attempt),
            requestID: details.requestID,
            times: times,
            blobURL: details.blobURL,
            status: entry.status,
            error: details.error,
            files: details.files,
            cleanup: entry.cleanup,
            namedByAcceptance: entry.namedByAcceptance,
            generation: entry.generation
        )
    }

    /// Applies a record: each one that is decided and each one that is restored. Nothing else changes a job.
    @discardableResult
    mutating func apply(_ record: StateRecord) -> JobTable.Index? {
        switch record {
        case .job(let record): return apply(record)
        case .forgotten(let id):
            if let place = table.find(id) {
                count(place, by: -1)
                leaveBatch(place)
                table.remove(place)
            }
            return nil
        case .batch(let record):
            batches.end(record, limit: limit(of: record))
            return nil
        case .batchForgotten(let id):
            if let batch = batches.find(id) { batches.reopen(batch) }
            return nil
        case .pauses(let newest):
            pauses.set(newest, accounts: configuration.accounts)
            countPending()
            return nil
        case .position(let position):
            advance(to: position)
            if position.isBeyond(writtenPosition) { writtenPosition = position }
            return nil
        case .origin(let origin):
            advance(to: origin.position)
            if origin.position.isBeyond(writtenPosition) { writtenPosition = origin.position }
            if origin.position.generation >= self.origin?.position.generation ?? 0 { self.origin = origin }
            return nil
        }
    }

    private mutating func advance(to position: JobsPosition) {
        if position.supersedes(recordedPosition) { recordedPosition = position }
    }

    /// The position that is decided now.
    var decidedPosition: JobsPosition {
        JobsPosition(generation: generation, offset: position, timestamp: positionTimestamp, anchor: anchor)
    }

    private mutating func apply(_ record: JobRecord) -> JobTable.Index {
        let place: JobTable.Index
        if let known = table.find(record.job.id) {
            place = known
            count(place, by: -1)
            // A record with this error may hold less of its job than earlier ones. Without transactions a tombstone is left
            // out where the id is used again at once.
            let isSameArrival = table[place].offset == record.offset && table[place].generation == record.generation
            if record.error?.code == .tooLarge || !isSameArrival { replaceJob(place, by: record) }
        } else {
            place = table.newPlace()
            table.insert(record.job, at: place, batch: joinBatch(record, place))
        }
        advance(
            to: JobsPosition(
                generation: record.generation,
                offset: record.offset.saturatingAdding(1),
                timestamp: record.timestamp,
                anchor: record.anchor
            )
        )

        table.setDetails(place, to: JobDetails(record))
        let account = accountNumbers[record.job.account] ?? .max
        Self.fill(&table[place], from: record, account: account)
        table.setLimit(place, to: limit(of: record))
        count(place, by: 1)
        return place
    }

    private mutating func count(_ place: JobTable.Index, by step: Int) {
        let (phase, kind) = (table[place].phase, table[place].kind)
        countByPhase[Int(phase.rawValue)] += step
        if phase == .submitting {
            let account = min(Int(table[place].account), pendingByAccount.count - 1)
            submitting[account * ExportKind.allCases.count + Int(kind.rawValue) - 1] += step
            if !pauses.holds(.create, account: UInt16(account), kind: kind) { pendingByAccount[account] += step }
        }
        if phase == .finished, let batch = table.batch(of: place) { batches.countEnded(by: step, in: batch) }
    }

    /// Counts the jobs that no pause holds back, after pauses have changed.
    mutating func countPending() {
        for account in pendingByAccount.indices {
            pendingByAccount[account] = ExportKind.allCases.reduce(0) { sum, kind in
                guard !pauses.holds(.create, account: UInt16(account), kind: kind) else { return sum }
                return sum + submitting[account * ExportKind.allCases.count + Int(kind.rawValue) - 1]
            }
        }
    }

    private static func fill(_ entry: inout JobEntry, from record: JobRecord, account: UInt16) {
        if entry.phase != record.phase || Int(entry.attempt) != record.attempt {
            entry.failures = 0
            entry.anomalousPolls = 0
            entry.notFoundOnce = false
            entry.unusableFiles = 0
        }
        if entry.phase != .submitting || Int(entry.attempt) != record.attempt { entry.maySubmitted = false }
        entry.offset = record.offset
        entry.generation = record.generation
        entry.accepted = record.times.accepted.milliseconds
        entry.submitted = record.times.submitted?.milliseconds ?? JobEntry.none
        entry.ready = record.times.ready?.milliseconds ?? JobEntry.none
        entry.finished = record.times.finished?.milliseconds ?? JobEntry.none
        entry.attempt = UInt8(clamping: record.attempt)
        entry.maxAttempts = UInt8(clamping: record.job.maxAttempts)
        entry.account = account
        entry.phase = record.phase
        entry.kind = record.job.kind
        entry.status = record.status
        entry.cleanup = record.cleanup
        entry.namedByAcceptance = record.namedByAcceptance
        entry.adopted = record.job.adoptedRequestID != nil
    }

    /// Decides a record: applies it and puts it into the batch.
    @discardableResult
    mutating func decide(_ record: JobRecord, _ decisions: inout Decisions) -> JobTable.Index {
        var record = record
        let isNewest = record.generation == generation && record.offset + 1 == position
        record.timestamp = isNewest ? positionTimestamp : nil
        record.anchor = isNewest ? anchor : nil
        let place = apply(record)
        decisions.records.append(.state(partition: partition, .job(record)))
        return place
    }

    // MARK: Calls

    /// Makes the job's next call; an earlier one that is still queued becomes stale.
    mutating func call(_ kind: CallKind, for place: JobTable.Index) -> CallToken {
        let callID = nextCallID()
        table[place].callID = callID
        table[place].activity = .queued
        table.cancelWake(place)
        table.armLimit(place)
        let entry = table[place]
        return CallToken(
            partition: partition,
            epoch: epoch,
            place: place,
            callID: callID,
            kind: kind,
            account: entry.account
        )
    }

    mutating func nextCallID() -> UInt32 {
        lastCallID &+= 1
        if lastCallID == 0 { lastCallID = 1 }
        return lastCallID
    }

    /// Whether the job still waits for this call.
    func isLive(_ token: CallToken) -> Bool {
        guard token.kind != .manifest else { return isLiveManifest(token) }
        guard table.contains(token.place) else { return false }
        let entry = table[token.place]
        return entry.callID == token.callID && entry.activity == .queued
    }

    /// The call to send now; `nil` when the job no longer waits for it.
    mutating func start(_ token: CallToken) -> Call? {
        guard isLive(token), !park(token) else { return nil }
        guard token.kind != .manifest else { return startManifest(token) }
        table[token.place].activity = .inFlight
        table[token.place].isTransferring = token.kind == .download
        if token.kind == .create { table[token.place].maySubmitted = true }
        let entry = table[token.place]
        let details = table.details(of: entry)
        return Call(
            token: token,
            job: job(of: token.place),
            attempt: Int(entry.attempt),
            requestID: details.requestID,
            blobURL: details.blobURL,
            accepted: Instant(milliseconds: entry.accepted),
            isNamedByAcceptance: entry.namedByAcceptance
        )
    }

    private static func instant(_ milliseconds: Int64) -> Instant? {
        milliseconds == JobEntry.none ? nil : Instant(milliseconds: milliseconds)
    }
}
