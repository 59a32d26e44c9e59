/// One of the two timers that a job has: where its time and its place in the heap are kept.
protocol JobTimer {
    static func time(of entry: borrowing JobEntry) -> Int64
    static func position(of entry: borrowing JobEntry) -> UInt32
    static func setPosition(_ position: UInt32, of entry: inout JobEntry)
}

/// The timer on the monotonic clock: when the job's next poll or retry is due.
enum WakeTimer: JobTimer {
    static func time(of entry: borrowing JobEntry) -> Int64 { entry.wake }
    static func position(of entry: borrowing JobEntry) -> UInt32 { entry.wakePosition }
    static func setPosition(_ position: UInt32, of entry: inout JobEntry) { entry.wakePosition = position }
}

/// The timer on the wall clock: the job's `notBefore`, deadline, or the end of its deduplication window.
enum LimitTimer: JobTimer {
    static func time(of entry: borrowing JobEntry) -> Int64 { entry.limit }
    static func position(of entry: borrowing JobEntry) -> UInt32 { entry.limitPosition }
    static func setPosition(_ position: UInt32, of entry: inout JobEntry) { entry.limitPosition = position }
}

/// Jobs in the order of one of their timers. The times are in the entries; four bytes a job here.
struct TimerHeap<Timer: JobTimer> {
    private var jobs: [JobTable.Index] = []

    var count: Int { jobs.count }

    /// The job whose timer fires first.
    var first: JobTable.Index? { jobs.first }

    static func contains(_ entry: borrowing JobEntry) -> Bool { Timer.position(of: entry) != .max }

    /// Adds the job, or moves it after its time has changed.
    mutating func update(_ job: JobTable.Index, in slab: inout JobSlab) {
        let position = Timer.position(of: slab[job])
        guard position != .max else {
            jobs.append(job)
            return siftUp(jobs.count - 1, &slab)
        }
        siftUp(Int(position), &slab)
        siftDown(Int(Timer.position(of: slab[job])), &slab)
    }

    mutating func remove(_ job: JobTable.Index, in slab: inout JobSlab) {
        let position = Timer.position(of: slab[job])
        guard position != .max else { return }
        Timer.setPosition(.max, of: &slab[job])
        let last = jobs.removeLast()
        guard last != job else { return }
        place(last, at: Int(position), &slab)
        update(last, in: &slab)
    }

    /// Whether it is a heap and each job knows its place in it.
    func audit(_ slab: JobSlab) -> String? {
        for (position, job) in jobs.enumerated() {
            if Int(Timer.position(of: slab[job])) != position {
                return "a job does not know its place among the timers"
            }
            if position > 0, Timer.time(of: slab[jobs[(position - 1) / 2]]) > Timer.time(of: slab[job]) {
                return "timers are out of order"
            }
        }
        return nil
    }

    private mutating func siftUp(_ start: Int, _ slab: inout JobSlab) {
        var child = start
        let moved = jobs[child]
        let time = Timer.time(of: slab[moved])
        while child > 0 {
            let parent = (child - 1) / 2
            guard time < Timer.time(of: slab[jobs[parent]]) else { break }
            place(jobs[parent], at: child, &slab)
            child = parent
        }
        place(moved, at: child, &slab)
    }

    private mutating func siftDown(_ start: Int, _ slab: inout JobSlab) {
        var parent = start
        let moved = jobs[parent]
        let time = Timer.time(of: slab[moved])
        while true {
            var child = 2 * parent + 1
            guard child < jobs.count else { break }
            if child + 1 < jobs.count, Timer.time(of: slab[jobs[child + 1]]) < Timer.time(of: slab[jobs[child]]) {
                child += 1
            }
            guard Timer.time(of: slab[jobs[child]]) < time else { break }
            place(jobs[child], at: parent, &slab)
            parent = child
        }
        place(moved, at: parent, &slab)
    }

    private mutating func place(_ job: JobTable.Index, at position: Int, _ slab: inout JobSlab) {
        jobs[position] = job
        Timer.setPosition(UInt32(position), of: &slab[job])
    }
}
