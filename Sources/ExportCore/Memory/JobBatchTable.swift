/// What is known of a batch in memory. As few as a dozen jobs share the bytes of an entry.
struct JobBatchEntry {
    private(set) var id = ""
    private var size: UInt32 = 0
    private var ended: UInt32 = 0
    /// The places of its jobs in the job table, in no particular order: four bytes a job.
    var members: [JobTable.Index] = []
    /// When it ends although jobs are missing, or later when the last running one has, in milliseconds since 1970.
    var deadline = Int64.min
    /// At most one: a batch whose end is not decided has none.
    private var endings: [Ending] = []

    /// The end of a batch, and the call that stores its manifest.
    private struct Ending: Equatable {
        var record: JobBatchRecord?
        var event: JobBatchEvent?
        var callID: UInt32 = 0
        var activity = Activity.idle
        var failures: UInt8 = 0
        var refusals = 0
    }

    private var ending: Ending {
        get { endings.first ?? Ending() }
        set { endings = newValue == Ending() ? [] : [newValue] }
    }

    var batch: JobBatch {
        get { JobBatch(id: id, size: Int(size)) }
        set { (id, size) = (newValue.id, UInt32(clamping: newValue.size)) }
    }
    /// How many of its jobs have ended.
    var endedCount: Int {
        get { Int(ended) }
        set { ended = UInt32(clamping: newValue) }
    }
    /// Its end, once that is decided.
    var record: JobBatchRecord? {
        get { endings.first?.record }
        set { ending.record = newValue }
    }
    /// The event that the call in flight stores.
    var event: JobBatchEvent? {
        get { endings.first?.event }
        set { ending.event = newValue }
    }
    /// The call that stores its manifest, queued or in flight; a token with another call ID is stale.
    var callID: UInt32 {
        get { ending.callID }
        set { ending.callID = newValue }
    }
    var activity: Activity {
        get { ending.activity }
        set { ending.activity = newValue }
    }
    /// Consecutive failures of that call; sets the back-off.
    var failures: UInt8 {
        get { ending.failures }
        set { ending.failures = newValue }
    }
    /// How often the file store has refused the manifest.
    var refusals: Int {
        get { ending.refusals }
        set { ending.refusals = newValue }
    }

    /// Forgets the call that stores its manifest; the end remains.
    mutating func endCall() { ending = Ending(record: record) }

    /// How many of its jobs have not ended.
    var runningCount: Int { members.count - endedCount }

    /// Whether no further job can become a member.
    var isFull: Bool { members.count >= size }
    /// Whether nothing refers to it.
    var isUnused: Bool { members.isEmpty && record == nil }
}

/// The batches of one partition. A batch's id and size are stored once; its jobs hold its place.
struct JobBatchTable {
    /// Identifies a batch's place.
    typealias Index = UInt32

    private var entries: [JobBatchEntry] = []
    private var free: [Index] = []
    private var places = HashIndex()
    /// On the wall clock: the deadline of an open batch, when an ended one is forgotten, and until when a manifest is tried.
    private var limits = EarliestTimes()
    /// On the monotonic clock: when a manifest is tried again.
    private var wakes = EarliestTimes()

    /// How many batches have not ended.
    private(set) var openCount = 0

    /// When the first timer is due, in milliseconds since 1970.
    var nextLimit: Int64 { limits.earliest }

    /// When the first manifest is tried again, in milliseconds of the monotonic clock.
    var nextWake: Int64 { wakes.earliest }

    subscript(_ at: Index) -> JobBatchEntry {
        _read { yield entries[Int(at)] }
    }

    /// Whether `at` is in use; a token may name a place that is free again.
    func contains(_ at: Index) -> Bool { entries.indices.contains(Int(at)) && !entries[Int(at)].isUnused }

    /// The places of all batches, in the order of places: decisions about all of them are the same in every process.
    var indices: [Index] { entries.indices.filter { !entries[$0].isUnused }.map { Index($0) } }

    func find(_ id: String) -> Index? { places.find(Self.hash(id)) { entries[Int($0)].id == id } }

    private static func hash(_ id: String) -> UInt32 { HashIndex.hash(Array(id.utf8)) }

    /// The place of a batch, which is added where it is not known.
    private mutating func place(of batch: JobBatch) -> Index {
        if let known = find(batch.id) { return known }
        let place = free.popLast() ?? Index(entries.count)
        if Int(place) == entries.count { entries.append(JobBatchEntry()) }
        entries[Int(place)] = JobBatchEntry()
        entries[Int(place)].batch = batch
        places.insert(place, hash: Self.hash(batch.id)) { [entries] in Self.hash(entries[Int($0)].id) }
        openCount += 1
        return place
    }

    // MARK: Members

    /// Adds a job.
    ///
    /// - Parameter deadline: until when the batch waits for other jobs at least, because of this one.
    mutating func add(_ job: JobTable.Index, to batch: JobBatch, deadline: Instant) -> Index {
        let place = place(of: batch)
        entries[Int(place)].batch.size = batch.size
        entries[Int(place)].members.append(job)
        entries[Int(place)].deadline = max(entries[Int(place)].deadline, deadline.milliseconds)
        if entries[Int(place)].record == nil { arm(place) }
        return place
    }

    mutating func remove(_ job: JobTable.Index, from place: Index) {
        if let index = entries[Int(place)].members.firstIndex(of: job) {
            entries[Int(place)].members.swapAt(index, entries[Int(place)].members.count - 1)
            entries[Int(place)].members.removeLast()
        }
        removeIfUnused(place)
    }

    mutating func setDeadline(_ deadline: Instant, of place: Index) {
        entries[Int(place)].deadline = deadline.milliseconds
        arm(place)
    }

    mutating func countEnded(by step: Int, in place: Index) { entries[Int(place)].endedCount += step }

    // MARK: Ends

    /// Sets the batch's end.
    ///
    /// - Parameter limit: when its next timer is due.
    mutating func end(_ record: JobBatchRecord, limit: Instant) {
        let place = place(of: record.batch)
        entries[Int(place)].batch.size = record.batch.size
        if entries[Int(place)].record == nil { openCount -= 1 }
        entries[Int(place)].record = record
        if record.published != nil { endCall(place) }
        limits.set(Int(place), to: limit.milliseconds)
    }

    /// Takes the batch's end back: it is open again, or gone where it has no member.
    mutating func reopen(_ place: Index) {
        guard entries[Int(place)].record != nil else { return }
        entries[Int(place)].record = nil
        openCount += 1
        endCall(place)
        arm(place)
        removeIfUnused(place)
    }

    private mutating func removeIfUnused(_ place: Index) {
        guard entries[Int(place)].isUnused else { return }
        places.remove(place, hash: Self.hash(entries[Int(place)].id)) { [entries] in Self.hash(entries[Int($0)].id) }
        openCount -= 1
        entries[Int(place)] = JobBatchEntry()
        limits.set(Int(place), to: EarliestTimes.never)
        free.append(place)
    }

    // MARK: Manifests

    /// Notes that the batch's call waits for its turn.
    mutating func queueCall(_ callID: UInt32, of place: Index) {
        entries[Int(place)].callID = callID
        entries[Int(place)].activity = .queued
        entries[Int(place)].event = nil
        wakes.set(Int(place), to: EarliestTimes.never)
    }

    mutating func startCall(of place: Index, _ event: JobBatchEvent) {
        entries[Int(place)].activity = .inFlight
        entries[Int(place)].event = event
    }

    /// Notes that the store has refused the manifest.
    ///
    /// - Returns: how often it has.
    mutating func countRefusal(of place: Index) -> Int {
        entries[Int(place)].refusals += 1
        return entries[Int(place)].refusals
    }

    /// Notes that the call has failed.
    ///
    /// - Returns: how many have failed in a row.
    mutating func countFailure(of place: Index) -> Int {
        entries[Int(place)].activity = .idle
        entries[Int(place)].event = nil
        entries[Int(place)].failures = min(entries[Int(place)].failures, .max - 1) + 1
        return Int(entries[Int(place)].failures)
    }

    mutating func setWake(_ place: Index, to time: MonotonicInstant) { wakes.set(Int(place), to: time.milliseconds) }

    func hasWake(_ place: Index) -> Bool { wakes.time(of: Int(place)) != EarliestTimes.never }

    /// No call is needed any more.
    private mutating func endCall(_ place: Index) {
        entries[Int(place)].endCall()
        wakes.set(Int(place), to: EarliestTimes.never)
    }

    // MARK: Timers

    /// Arms the timer of an open batch. One that has fired must be armed again, because the wall clock may be set back.
    mutating func arm(_ place: Index) { limits.set(Int(place), to: entries[Int(place)].deadline) }

    /// Returns a batch whose timer is due, and disarms that timer.
    mutating func popDue(at now: EventTime) -> Index? {
        if let due = limits.first(from: 0, upTo: now.wall.milliseconds) {
            limits.set(due, to: EarliestTimes.never)
            return Index(due)
        }
        guard let due = wakes.first(from: 0, upTo: now.monotonic.milliseconds) else { return nil }
        wakes.set(due, to: EarliestTimes.never)
        return Index(due)
    }

    func hasTimer(_ place: Index) -> Bool { limits.time(of: Int(place)) != EarliestTimes.never }

    // MARK: Auditing

    /// Checks the counters. For tests.
    func audit() -> String? {
        let used = indices
        for place in used where find(entries[Int(place)].id) != place {
            return "batch \(entries[Int(place)].id) is not found"
        }
        guard places.count == used.count else { return "\(places.count) batches are indexed, there are \(used.count)" }
        let open = used.count { entries[Int($0)].record == nil }
        return open == openCount ? nil : "\(openCount) batches are counted as open, \(open) are"
    }
}
