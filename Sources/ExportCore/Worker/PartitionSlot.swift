/// The state of a partition's assignment.
public enum PartitionLifecycle: Hashable, Sendable {
    /// Its state is being read. Exits: active, stopped, draining, gone.
    case restoring
    /// It takes jobs. Exits: draining, gone.
    case active
    /// It is about to be released: the worker commits its decisions first and waits for the answers to calls in
    /// flight until the given time. Exits: gone.
    case draining(until: MonotonicInstant)
    /// Its state or its jobs are inconsistent; the worker changes nothing of it. Exits: gone.
    case stopped(reason: StopReason)
}

/// One assigned partition.
struct PartitionSlot {
    var machine: PartitionMachine
    var lifecycle = PartitionLifecycle.restoring
    /// API calls in flight for its jobs. Downloads do not count, because a release does not wait for them.
    var callsInFlight = 0
    /// The position that the gathering batch or an earlier one carries.
    var gatheredPosition: Int64 = 0
    /// The committed position: a job's first record at or above it is not stored.
    var storedPosition: Int64 = 0

    /// Where its jobs end, as last reported.
    var end = JobsEnd(unreadUpTo: nil)

    var isActive: Bool { lifecycle == .active }
    var isDraining: Bool { if case .draining = lifecycle { true } else { false } }

    /// Whether decisions may still be made.
    var takesAnswers: Bool { isActive || isDraining }
}

// All of it is `mutating`, though nothing changes: only then does the compiler access an optional element of an array in
// place, instead of copying the slot with its dozen tables first.
extension PartitionSlot {
    /// Its epoch, while it takes jobs.
    var activeEpoch: Epoch? { mutating get { isActive ? machine.epoch : nil } }

    /// Its epoch, while decisions may still be made.
    var answeredEpoch: Epoch? { mutating get { takesAnswers ? machine.epoch : nil } }

    /// What it contributes to the totals of all slots.
    var summary: SlotSummary { mutating get { SlotSummary(self) } }

    /// Its progress.
    var progress: SlotProgress { mutating get { SlotProgress(self) } }

    mutating func hasDueTimer(at now: EventTime) -> Bool { isActive && machine.isAnyDue(at: now) }

    /// When it no longer waits for answers. After that it waits for a commit, which wakes the worker.
    mutating func endOfGrace(after now: EventTime) -> MonotonicInstant? {
        guard case .draining(let until) = lifecycle, until > now.monotonic else { return nil }
        return until
    }

    /// Whether it waits only for its last commit.
    mutating func isReadyToRelease(at now: EventTime) -> Bool {
        guard case .draining(let until) = lifecycle else { return false }
        return callsInFlight == 0 || until <= now.monotonic
    }
}

/// The progress of a partition.
struct SlotProgress {
    let partition: Int32
    let epoch: Epoch
    let position: JobsPosition
    let gathered: Int64
    let recorded: JobsPosition

    init(_ slot: borrowing PartitionSlot) {
        partition = slot.machine.partition
        epoch = slot.machine.epoch
        position = slot.machine.decidedPosition
        gathered = slot.gatheredPosition
        recorded = slot.machine.recordedPosition
    }
}
