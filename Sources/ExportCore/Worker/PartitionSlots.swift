/// The assigned partitions, by number, with what every event asks of all of them: due timers, pending jobs, and the
/// partitions to release. An event visits only the partitions that it changes, however many there are.
///
/// Slots are changed through the subscript alone, which notes them. Their summaries are updated before they are read.
struct PartitionSlots {
    private var slots: [PartitionSlot?] = []
    /// Slots that were accessed since the last update. Repetitions are harmless.
    private var accessed: [Int] = []
    private var summaries: [SlotSummary] = []
    /// The two clocks' times are kept apart, because how they compare changes when the wall clock is set.
    private var wakes = EarliestTimes()
    private var limits = EarliestTimes()
    private var pending: [Int]
    private var assigned = 0
    /// The draining slots, in order.
    private var draining: [Int] = []

    init(accounts: Int) { pending = [Int](repeating: 0, count: accounts + 1) }

    // MARK: Slots

    var indices: Range<Int> { slots.indices }

    // Inlined: otherwise each access allocates the frame of a coroutine.
    @inline(__always)
    subscript(index: Int) -> PartitionSlot? {
        _read { yield slots[index] }
        _modify {
            if accessed.last != index { accessed.append(index) }
            yield &slots[index]
        }
    }

    /// Adds empty slots until there is one with this index.
    mutating func extend(to index: Int) {
        while slots.count <= index {
            slots.append(nil)
            summaries.append(SlotSummary())
        }
    }

    // MARK: All of them

    /// How many partitions are assigned.
    var assignedCount: Int {
        mutating get {
            update()
            return assigned
        }
    }

    /// Jobs that wait to be submitted, by account; the last place is that of all accounts that are not configured.
    var pendingByAccount: [Int] {
        mutating get {
            update()
            return pending
        }
    }

    /// The first partition, at or behind `index`, that has a due timer.
    mutating func firstDue(from index: Int, at now: EventTime) -> Int? {
        update()
        let wake = wakes.first(from: index, upTo: now.monotonic.milliseconds)
        let limit = limits.first(from: index, upTo: now.wall.milliseconds)
        guard let wake, let limit else { return wake ?? limit }
        return min(wake, limit)
    }

    /// When a partition needs a tick if no other event arrives.
    ///
    /// - Parameter firesTimers: Whether timers can fire; otherwise only the time for a release counts.
    mutating func nextWake(after now: EventTime, firesTimers: Bool) -> MonotonicInstant? {
        update()
        var earliest = MonotonicInstant.distantFuture
        if firesTimers {
            let limit = now.monotonic(at: Instant(milliseconds: limits.earliest))
            earliest = min(MonotonicInstant(milliseconds: wakes.earliest), limit)
        }
        for index in draining {
            if let end = slots[index]?.endOfGrace(after: now) { earliest = min(earliest, end) }
        }
        return earliest == .distantFuture ? nil : earliest
    }

    /// The partitions that wait only for their last commit, in order.
    mutating func readyToRelease(at now: EventTime) -> [Int] {
        update()
        var ready: [Int] = []
        for index in draining where slots[index]?.isReadyToRelease(at: now) ?? false { ready.append(index) }
        return ready
    }

    // MARK: Summaries

    private mutating func update() {
        for index in accessed { update(index) }
        accessed.removeAll(keepingCapacity: true)
    }

    private mutating func update(_ index: Int) {
        let old = summaries[index]
        let new = slots[index]?.summary ?? SlotSummary()
        summaries[index] = new
        wakes.set(index, to: new.wake)
        limits.set(index, to: new.limit)
        if new.isAssigned != old.isAssigned { assigned += new.isAssigned ? 1 : -1 }
        if new.isDraining, !old.isDraining {
            draining.insert(index, at: (draining.lastIndex { $0 < index } ?? -1) + 1)
        } else if old.isDraining, !new.isDraining {
            draining.removeAll { $0 == index }
        }
        // Nearly always the same array, which costs one comparison.
        guard new.pending != old.pending else { return }
        for (account, count) in old.pending.enumerated() { pending[account] -= count }
        for (account, count) in new.pending.enumerated() { pending[account] += count }
    }

    // MARK: Auditing

    /// Compares the summaries and the totals with those of a visit of every slot.
    func audit() -> String? {
        var kept = self
        kept.update()
        let visited = slots.map { slot in slot.map { SlotSummary($0) } ?? SlotSummary() }
        guard kept.summaries == visited else { return "a partition's summary is outdated" }
        guard kept.wakes.audit(visited.map(\.wake)), kept.limits.audit(visited.map(\.limit)) else {
            return "the partitions' timers are out of order"
        }
        let draining = visited.indices.filter { visited[$0].isDraining }
        guard kept.draining == draining else { return "\(kept.draining) count as draining, \(draining) are" }
        let assigned = visited.count { $0.isAssigned }
        guard kept.assigned == assigned else { return "\(kept.assigned) partitions are counted of \(assigned)" }
        let pending = pending.indices.map { account in
            visited.reduce(0) { $0 + ($1.pending.isEmpty ? 0 : $1.pending[account]) }
        }
        guard kept.pending == pending else { return "pending jobs are counted as \(kept.pending), they are \(pending)" }
        return nil
    }
}

/// What a slot contributes to the totals of all slots; nothing while no partition is assigned.
struct SlotSummary: Equatable {
    var isAssigned = false
    var isDraining = false
    /// When its next timers are due, on the monotonic clock and on the wall clock. They fire only while it is active.
    var wake = EarliestTimes.never
    var limit = EarliestTimes.never
    /// Jobs that wait to be submitted, by account; empty while the partition is stopped.
    var pending: [Int] = []

    init() {}

    init(_ slot: borrowing PartitionSlot) {
        isAssigned = true
        isDraining = slot.isDraining
        if slot.isActive {
            wake = slot.machine.nextWake.milliseconds
            limit = slot.machine.nextLimit.milliseconds
        }
        if case .stopped = slot.lifecycle { return }
        pending = slot.machine.pendingByAccount
    }
}
