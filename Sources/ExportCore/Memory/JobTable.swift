/// The jobs of one partition: a slab of entries, an index by job id, an arena for strings, and
/// two heaps of timers. Nothing in it is a heap object of its own, so a million jobs fit.
struct JobTable {
    /// Identifies a job's place in the slab.
    typealias Index = UInt32

    private var slab = JobSlab()
    private var freeIndices: [Index] = []
    private var index = HashIndex()
    private var wakes = TimerHeap<WakeTimer>()
    private var limits = TimerHeap<LimitTimer>()
    var arena = ByteArena()
    private(set) var columns = SharedColumns()

    /// How many jobs there are.
    var count: Int { index.count }

    subscript(_ at: Index) -> JobEntry {
        _read { yield slab[at] }
        _modify { yield &slab[at] }
    }

    /// Whether `at` was ever in use; a token may name a place that is free again.
    func contains(_ at: Index) -> Bool { at < slab.used && slab[at].spec != 0 }

    // MARK: Jobs by id

    func find(_ id: String) -> Index? {
        let key = JobSpecCodec.key(id)
        let hash = HashIndex.hash(key)
        return index.find(hash) { candidate in
            slab[candidate].hash == hash
                && arena.withBytes(slab[candidate].spec) { JobSpecCodec.starts($0, with: key) }
        }
    }

    /// The place of the next job.
    mutating func newPlace() -> Index { freeIndices.popLast() ?? slab.append() }

    /// Adds a new job. The caller fills all fields except the spec and the hash.
    ///
    /// - Parameters:
    ///   - place: a new place.
    ///   - batch: the place of the job's batch.
    mutating func insert(_ job: ExportJob, at place: Index, batch: JobBatchTable.Index?) {
        let key = JobSpecCodec.key(job.id)
        let hash = HashIndex.hash(key)
        var entry = JobEntry()
        entry.hash = hash
        entry.spec = arena.store(JobSpecCodec.encode(job, after: key, batch: batch))
        entry.hasBatch = batch != nil
        self[place] = entry
        index.insert(place, hash: hash) { [slab] in slab[$0].hash }
    }

    /// Replaces the stored job by another one with the same id.
    mutating func replaceJob(_ at: Index, with job: ExportJob, batch: JobBatchTable.Index?) {
        arena.free(self[at].spec)
        let spec = arena.store(JobSpecCodec.encode(job, batch: batch))
        self[at].spec = spec
        self[at].hasBatch = batch != nil
    }

    /// The place of the job's batch; `nil` for a job without one.
    func batch(of at: Index) -> JobBatchTable.Index? {
        self[at].hasBatch ? arena.withBytes(self[at].spec) { JobSpecCodec.batch($0) } : nil
    }

    // MARK: Details

    func details(of entry: borrowing JobEntry) -> JobDetails {
        let columns = columns
        return entry.details == 0 ? JobDetails() : arena.withBytes(entry.details) { JobDetails($0, columns) }
    }

    /// Replaces what is known of the job beside its spec.
    mutating func setDetails(_ at: Index, to details: JobDetails) {
        // The new ones first: columns that both have must not be removed in between.
        let encoded = details.isEmpty ? nil : details.encode(&columns)
        freeDetails(at)
        let handle = encoded.map { arena.store($0.bytes) } ?? 0
        self[at].details = handle
        self[at].sharesColumns = encoded?.sharesColumns ?? false
    }

    private mutating func freeDetails(_ at: Index) {
        let handle = self[at].details
        if self[at].sharesColumns {
            for place in arena.withBytes(handle, { JobDetails.sharedColumns(in: $0, columns) }) {
                columns.release(place)
            }
        }
        arena.free(handle)
    }

    mutating func remove(_ at: Index) {
        cancelWake(at)
        limits.remove(at, in: &slab)
        let entry = self[at]
        index.remove(at, hash: entry.hash) { [slab] in slab[$0].hash }
        arena.free(entry.spec)
        freeDetails(at)
        self[at] = JobEntry()
        freeIndices.append(at)
    }

    /// The first place of a job at or behind `first`; `nil` when there is none.
    func place(from first: Index) -> Index? {
        guard first < slab.used else { return nil }
        return (first..<slab.used).first { self[$0].spec != 0 }
    }

    /// Every job's place, in no particular order.
    func forEachIndex(_ body: (Index) -> Void) {
        for place in 0..<slab.used where self[place].spec != 0 { body(place) }
    }

    /// Every job's place and entry, in no particular order, without copying them.
    func forEachEntry(_ body: (Index, borrowing JobEntry) -> Void) {
        for place in 0..<slab.used where self[place].spec != 0 { body(place, self[place]) }
    }

    /// Visits entries in the order of their places until `body` returns false.
    ///
    /// - Parameter first: the first place to visit.
    /// - Returns: the place behind the last one that was visited; `nil` when none is left.
    func visit(from first: Index, _ body: (Index, borrowing JobEntry) -> Bool) -> Index? {
        guard first < slab.used else { return nil }
        for place in first..<slab.used where self[place].spec != 0 && !body(place, self[place]) {
            return place + 1 < slab.used ? place + 1 : nil
        }
        return nil
    }

    // MARK: Timers

    /// When the first job is to be woken.
    var nextWake: MonotonicInstant? { wakes.first.map { MonotonicInstant(milliseconds: slab[$0].wake) } }

    /// When the first job reaches its limit.
    var nextLimit: Instant? { limits.first.map { Instant(milliseconds: slab[$0].limit) } }

    /// Sets the time of the job's wake timer.
    mutating func setWake(_ at: Index, to time: MonotonicInstant) {
        slab[at].wake = time.milliseconds
        wakes.update(at, in: &slab)
    }

    mutating func cancelWake(_ at: Index) {
        wakes.remove(at, in: &slab)
        slab[at].wake = .max
    }

    /// Sets the job's limit on the wall clock.
    mutating func setLimit(_ at: Index, to time: Instant) {
        slab[at].limit = time.milliseconds
        limits.update(at, in: &slab)
    }

    /// Arms the job's limit timer. A timer that has fired must be armed again, because its limit may be in the future
    /// again after the wall clock was set back.
    mutating func armLimit(_ at: Index) {
        if !hasLimit(at) { limits.update(at, in: &slab) }
    }

    func hasWake(_ at: Index) -> Bool { TimerHeap<WakeTimer>.contains(slab[at]) }

    func hasLimit(_ at: Index) -> Bool { TimerHeap<LimitTimer>.contains(slab[at]) }

    func isAnyDue(at now: EventTime) -> Bool {
        nextLimit.map { $0 <= now.wall } ?? false || nextWake.map { $0 <= now.monotonic } ?? false
    }

    /// Returns a job with a timer that is due, and disarms that timer.
    mutating func popDue(at now: EventTime) -> Index? {
        if let first = limits.first, slab[first].limit <= now.wall.milliseconds {
            limits.remove(first, in: &slab)
            return first
        }
        guard let first = wakes.first, slab[first].wake <= now.monotonic.milliseconds else { return nil }
        cancelWake(first)
        return first
    }

    /// Whether the timers are in order and are as many as jobs have.
    func auditTimers(wakes expectedWakes: Int, limits expectedLimits: Int) -> String? {
        guard wakes.count == expectedWakes, limits.count == expectedLimits else {
            return
                "\(wakes.count) and \(limits.count) timers, \(expectedWakes) and \(expectedLimits) jobs have one"
        }
        return wakes.audit(slab) ?? limits.audit(slab)
    }
}
