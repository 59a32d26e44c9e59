/// The jobs of one partition: a slab of entries, an index by job id, an arena for strings, and a
/// heap of timers. Nothing in it is a heap object of its own, so a million jobs fit.
struct JobTable {
    /// Names a job's place in the slab.
    typealias Index = UInt32

    private static let slabShift = 10
    private static let slabMask: UInt32 = (1 << 10) - 1

    private var slabs: [[JobEntry]] = []
    private var used: UInt32 = 0
    private var freeIndices: [Index] = []
    private var index = HashIndex()
    private var timers: [Index] = []
    var arena = ByteArena()

    /// How many jobs there are.
    var count: Int { index.count }

    subscript(_ at: Index) -> JobEntry {
        _read { yield slabs[Int(at >> Self.slabShift)][Int(at & Self.slabMask)] }
        _modify { yield &slabs[Int(at >> Self.slabShift)][Int(at & Self.slabMask)] }
    }

    /// Whether `at` was ever in use; a token may name a place that is free again.
    func contains(_ at: Index) -> Bool { at < used && self[at].spec != 0 }

    // MARK: Jobs by id

    func find(_ id: String) -> Index? {
        let key = JobSpecCodec.key(id)
        return index.find(HashIndex.hash(key)) { candidate in
            arena.withBytes(self[candidate].spec) { JobSpecCodec.starts($0, with: key) }
        }
    }

    /// Adds a job that is not there yet. Its fields but the spec and the hash are for the caller to fill.
    mutating func insert(_ job: ExportJob) -> Index {
        let hash = HashIndex.hash(JobSpecCodec.key(job.id))
        let place: Index
        if let free = freeIndices.popLast() {
            place = free
        } else {
            if used & Self.slabMask == 0 {
                slabs.append([JobEntry](repeating: JobEntry(), count: 1 << Self.slabShift))
            }
            place = used
            used += 1
        }
        var entry = JobEntry()
        entry.hash = hash
        entry.spec = arena.store(JobSpecCodec.encode(job))
        self[place] = entry
        index.insert(place, hash: hash)
        return place
    }

    mutating func remove(_ at: Index) {
        cancelTimer(at)
        let entry = self[at]
        index.remove(at, hash: entry.hash)
        arena.free(entry.spec)
        arena.free(entry.details)
        self[at] = JobEntry()
        freeIndices.append(at)
    }

    /// Every job's place, in no particular order.
    func forEachIndex(_ body: (Index) -> Void) {
        for place in 0..<used where self[place].spec != 0 { body(place) }
    }

    /// Every job's place and entry, in no particular order, without copying them.
    func forEachEntry(_ body: (Index, borrowing JobEntry) -> Void) {
        for place in 0..<used where self[place].spec != 0 { body(place, self[place]) }
    }

    // MARK: Timers

    /// When the earliest timer fires.
    var nextWake: Instant? { timers.first.map { Instant(milliseconds: self[$0].wake) } }

    /// Sets the job's one timer.
    mutating func setTimer(_ at: Index, to wake: Int64) {
        let old = self[at].wake
        self[at].wake = wake
        if self[at].heapPosition == .max {
            timers.append(at)
            self[at].heapPosition = UInt32(timers.count - 1)
            siftUp(timers.count - 1)
        } else if wake < old {
            siftUp(Int(self[at].heapPosition))
        } else {
            siftDown(Int(self[at].heapPosition))
        }
    }

    mutating func cancelTimer(_ at: Index) {
        let position = self[at].heapPosition
        guard position != .max else { return }
        self[at].heapPosition = .max
        self[at].wake = .max
        let last = timers.removeLast()
        guard last != at else { return }
        timers[Int(position)] = last
        self[last].heapPosition = position
        siftUp(Int(position))
        siftDown(Int(self[last].heapPosition))
    }

    /// Takes one job whose timer has fired; its timer is then unset.
    mutating func popDue(at now: Instant) -> Index? {
        guard let first = timers.first, self[first].wake <= now.milliseconds else { return nil }
        cancelTimer(first)
        return first
    }

    /// Whether the heap is one, and each job knows its place in it.
    func auditTimers(expected: Int) -> String? {
        guard timers.count == expected else { return "\(timers.count) timers, \(expected) jobs have one" }
        for (position, job) in timers.enumerated() {
            if Int(self[job].heapPosition) != position { return "a job does not know its place among the timers" }
            if position > 0, self[timers[(position - 1) / 2]].wake > self[job].wake { return "timers are out of order" }
        }
        return nil
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        let moved = timers[child]
        let wake = self[moved].wake
        while child > 0 {
            let parent = (child - 1) / 2
            guard wake < self[timers[parent]].wake else { break }
            place(timers[parent], at: child)
            child = parent
        }
        place(moved, at: child)
    }

    private mutating func siftDown(_ start: Int) {
        var parent = start
        let moved = timers[parent]
        let wake = self[moved].wake
        while true {
            var child = 2 * parent + 1
            guard child < timers.count else { break }
            if child + 1 < timers.count, self[timers[child + 1]].wake < self[timers[child]].wake { child += 1 }
            guard self[timers[child]].wake < wake else { break }
            place(timers[child], at: parent)
            parent = child
        }
        place(moved, at: parent)
    }

    private mutating func place(_ job: Index, at position: Int) {
        timers[position] = job
        self[job].heapPosition = UInt32(position)
    }
}
