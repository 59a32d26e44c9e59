/// The jobs of one partition and every decision about them.
///
/// Deciding yields records; ``apply(_:)`` is the only way in which a job changes, live and during
/// restore alike. A record is applied when it is decided, and what it announces to the outside
/// world (a call, an event) waits for its commit. Decisions are therefore final within an
/// assignment: a transaction that aborts is sent again as it is, and when that is impossible the
/// whole partition is dropped and restored from the log.
///
/// States and transitions stand in `ExportCore.docc/Life-of-a-job.md`, which is checked.
struct PartitionMachine {
    let partition: Int32
    let epoch: Epoch
    let configuration: CoreConfiguration
    let pace: PollPace
    let backOff: BackOff
    private let accountNumbers: [String: UInt16]

    var table = JobTable()
    /// The next offset of the jobs partition that is not decided yet.
    var position: Int64 = 0
    /// What a restart would know of the position from the state partition alone.
    var recordedPosition: Int64 = 0
    /// The newest position that has a record of its own.
    private(set) var writtenPosition: Int64 = 0
    private var lastTicket: UInt32 = 0
    /// Jobs by phase, indexed by the phase's raw value.
    private(set) var countByPhase = [Int](repeating: 0, count: JobPhase.allCases.count + 1)
    /// Jobs that could be submitted now and are not yet, by account; the last place is that of all
    /// accounts that are not configured.
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
    }

    /// Jobs that are not finished.
    var activeCount: Int { table.count - countByPhase[Int(JobPhase.finished.rawValue)] }

    func count(of phase: JobPhase) -> Int { countByPhase[Int(phase.rawValue)] }

    func number(ofAccount name: String) -> UInt16? { accountNumbers[name] }

    // MARK: Records

    /// The job's newest record, as a restore would find it.
    func record(of place: JobTable.Index) -> JobRecord {
        let entry = table[place]
        let job = table.arena.withBytes(entry.spec) { JobSpecCodec.decode($0) }
        let details = self.details(of: entry)
        var times = JobTimes(accepted: Instant(milliseconds: entry.accepted))
        times.submitted = Self.instant(entry.submitted)
        times.ready = Self.instant(entry.ready)
        times.finished = Self.instant(entry.finished)
        return JobRecord(
            job: job,
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
            namedByAcceptance: entry.namedByAcceptance
        )
    }

    func details(of entry: JobEntry) -> JobDetails {
        entry.details == 0 ? JobDetails() : table.arena.withBytes(entry.details) { JobDetails($0) }
    }

    /// Makes the engine believe a record. Called with each record that is decided and with each
    /// record that is restored; nothing else changes a job.
    @discardableResult
    mutating func apply(_ record: StateRecord) -> JobTable.Index? {
        switch record {
        case .job(let record): return apply(record)
        case .forgotten(let id):
            if let place = table.find(id) {
                count(table[place], by: -1)
                table.remove(place)
            }
            return nil
        case .position(let offset):
            recordedPosition = max(recordedPosition, offset)
            writtenPosition = max(writtenPosition, offset)
            return nil
        }
    }

    private mutating func apply(_ record: JobRecord) -> JobTable.Index {
        let place: JobTable.Index
        if let known = table.find(record.job.id) {
            place = known
            count(table[place], by: -1)
        } else {
            place = table.insert(record.job)
        }
        recordedPosition = max(recordedPosition, record.offset + 1)

        let details = JobDetails(record)
        let oldDetails = table[place].details
        table.arena.free(oldDetails)
        let newDetails = details.isEmpty ? 0 : table.arena.store(details.encode())
        let timeout = configuration.jobTimeout
        let deadline = record.job.deadline ?? record.times.accepted.advanced(by: timeout)
        let account = accountNumbers[record.job.account] ?? .max
        Self.fill(&table[place], from: record, deadline: deadline, account: account)
        table[place].details = newDetails
        count(table[place], by: 1)
        return place
    }

    private mutating func count(_ entry: JobEntry, by step: Int) {
        countByPhase[Int(entry.phase.rawValue)] += step
        guard entry.phase == .submitting else { return }
        pendingByAccount[min(Int(entry.account), pendingByAccount.count - 1)] += step
    }

    private static func fill(_ entry: inout JobEntry, from record: JobRecord, deadline: Instant, account: UInt16) {
        if entry.phase != record.phase || Int(entry.attempt) != record.attempt {
            entry.failures = 0
            entry.oddLooks = 0
        }
        if entry.phase != .submitting || Int(entry.attempt) != record.attempt { entry.maySubmitted = false }
        entry.offset = record.offset
        entry.accepted = record.times.accepted.milliseconds
        entry.submitted = record.times.submitted?.milliseconds ?? JobEntry.none
        entry.ready = record.times.ready?.milliseconds ?? JobEntry.none
        entry.finished = record.times.finished?.milliseconds ?? JobEntry.none
        entry.deadline = deadline.milliseconds
        entry.attempt = UInt16(clamping: record.attempt)
        entry.maxAttempts = UInt16(clamping: record.job.maxAttempts)
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
        let place = apply(record)
        decisions.records.append(.state(partition: partition, .job(record)))
        return place
    }

    // MARK: Calls

    /// Makes the job's next call; an earlier one that is still queued becomes stale.
    mutating func call(_ kind: CallKind, for place: JobTable.Index) -> CallToken {
        lastTicket &+= 1
        if lastTicket == 0 { lastTicket = 1 }
        table[place].ticket = lastTicket
        table[place].activity = .queued
        let entry = table[place]
        table.setTimer(place, to: entry.phase == .finished ? windowEnd(entry) : entry.deadline)
        return CallToken(
            partition: partition,
            epoch: epoch,
            place: place,
            ticket: lastTicket,
            kind: kind,
            account: entry.account
        )
    }

    /// Whether the job still waits for this call.
    func isLive(_ token: CallToken) -> Bool {
        guard table.contains(token.place) else { return false }
        let entry = table[token.place]
        return entry.ticket == token.ticket && entry.activity == .queued
    }

    /// The call's turn has come: what to send.
    mutating func start(_ token: CallToken) -> Call? {
        guard isLive(token) else { return nil }
        table[token.place].activity = .inFlight
        if token.kind == .create { table[token.place].maySubmitted = true }
        let entry = table[token.place]
        let details = self.details(of: entry)
        return Call(
            token: token,
            job: table.arena.withBytes(entry.spec) { JobSpecCodec.decode($0) },
            attempt: Int(entry.attempt),
            requestID: details.requestID,
            blobURL: details.blobURL,
            accepted: Instant(milliseconds: entry.accepted),
            isNamedByAcceptance: entry.namedByAcceptance
        )
    }

    func windowEnd(_ entry: JobEntry) -> Int64 {
        Instant(milliseconds: entry.finished).advanced(by: configuration.deduplicationWindow).milliseconds
    }

    private static func instant(_ milliseconds: Int64) -> Instant? {
        milliseconds == JobEntry.none ? nil : Instant(milliseconds: milliseconds)
    }
}
