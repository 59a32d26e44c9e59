/// Where a list of jobs continues: a partition, and a place in its table.
///
/// A place means nothing to another owner of the partition, and jobs that are added or removed meanwhile may be missed. It is
/// enough to walk through a list once.
public struct JobPlace: Hashable, Comparable, Sendable {
    /// The partition of the jobs topic.
    public var partition: Int32
    /// The place in the partition's table.
    public var entry: UInt32

    /// Creates a place; by default the beginning of a partition.
    public init(partition: Int32, entry: UInt32 = 0) {
        self.partition = partition
        self.entry = entry
    }

    /// Orders places by partition.
    public static func < (left: JobPlace, right: JobPlace) -> Bool {
        (left.partition, left.entry) < (right.partition, right.entry)
    }
}

/// A job as a list or its own page shows it.
public struct JobView: Hashable, Sendable {
    /// Its partition of the jobs topic.
    public var partition: Int32
    /// Its newest record.
    public var record: JobRecord
    /// When it fails unless it has ended before.
    public var deadline: Instant
    /// What it waits for; `nil` once it has ended.
    public var wait: JobSnapshot.Wait?
    /// Consecutive failures of its present call.
    public var failures = 0
    /// Whether it has used four fifths of the time until its deadline.
    public var isLate = false

    /// Creates a view of a record.
    public init(partition: Int32, record: JobRecord, deadline: Instant, wait: JobSnapshot.Wait? = nil) {
        self.partition = partition
        self.record = record
        self.deadline = deadline
        self.wait = wait
    }
}

/// A question for a part of the list of jobs.
public struct JobQuestion: Hashable, Sendable {
    /// Which jobs.
    public var filter: JobFilter
    /// Where the list begins.
    public var from: JobPlace
    /// The last partition.
    public var through: Int32
    /// The most jobs.
    public var limit: Int
    /// How much work the engine may do for it, in units of about ten nanoseconds: about one for each visited job, more for each
    /// job in which a text is searched, and a hundred or more for each one that is listed. One job is always visited.
    public var work: Int

    /// Creates a question.
    public init(filter: JobFilter, from: JobPlace, through: Int32, limit: Int, work: Int = 50_000) {
        self.filter = filter
        self.from = from
        self.through = through
        self.limit = limit
        self.work = work
    }
}

/// A part of the list of jobs.
public struct JobPage: Hashable, Sendable {
    /// The jobs, in the order of partitions and tables.
    public var jobs: [JobView] = []
    /// Where the list continues; `nil` at its end. The page may be empty although the list continues, because the work for one
    /// page is bounded.
    public var next: JobPlace?

    /// Creates a page.
    public init(jobs: [JobView] = [], next: JobPlace? = nil) {
        self.jobs = jobs
        self.next = next
    }
}

extension WorkerMachine {
    /// A part of the list of this worker's jobs. Partitions that are being restored are left out.
    public func jobs(_ question: JobQuestion, at now: EventTime) -> JobPage {
        var matcher = JobMatcher(question.filter, accounts: configuration.accounts, at: now.wall)
        var (found, work) = ([(slot: Int, place: JobTable.Index)](), question.work)
        var next: JobPlace?
        let last = min(Int(question.through), slots.indices.upperBound - 1)
        var index = max(0, Int(question.from.partition))
        while index <= last, next == nil {
            defer { index += 1 }
            guard let machine = restoredMachine(index) else { continue }
            if let id = question.filter.batch {
                matcher.batch = machine.batches.find(id)
                if matcher.batch == nil { continue }
            }
            let table = machine.table
            let first = index == Int(question.from.partition) ? question.from.entry : 0
            let arena = table.arena
            let rest = table.visit(from: first) { place, entry in
                work -= matcher.cost(of: entry, arena)
                if matcher.matches(entry, arena) {
                    work -= entry.costOfView(arena)
                    found.append((index, place))
                }
                return work > 0 && found.count < question.limit
            }
            if let rest {
                next = JobPlace(partition: Int32(index), entry: rest)
            } else if work <= 0 || found.count >= question.limit, index < last {
                next = JobPlace(partition: Int32(index + 1))
            }
        }
        return JobPage(jobs: found.compactMap { view(of: $0.place, slot: $0.slot, at: now) }, next: next)
    }

    /// The job with an id that one of this worker's partitions knows: one that has not finished, where several do, which
    /// happens after partitions were added. Partitions that are being restored are left out: they
    /// may have an earlier state of it.
    public func job(_ id: String, at now: EventTime) -> JobView? {
        var finished: JobView?
        for index in slots.indices {
            guard let place = restoredMachine(index)?.table.find(id), let view = view(of: place, slot: index, at: now)
            else { continue }
            guard view.record.phase == .finished else { return view }
            finished = finished ?? view
        }
        return finished
    }

    /// The jobs of a partition; `nil` while it is being restored.
    private func restoredMachine(_ slot: Int) -> PartitionMachine? {
        slots[slot].flatMap { $0.lifecycle == .restoring ? nil : $0.machine }
    }

    private func view(of place: JobTable.Index, slot: Int, at now: EventTime) -> JobView? {
        guard let machine = slots[slot]?.machine else { return nil }
        let (entry, record) = (machine.table[place], machine.record(of: place))
        var view = JobView(partition: Int32(slot), record: record, deadline: machine.deadline(of: record))
        view.wait = entry.phase == .finished ? nil : wait(of: entry, slot, at: now)
        view.failures = Int(entry.failures)
        view.isLate = entry.isLate(at: now.wall)
        return view
    }
}
