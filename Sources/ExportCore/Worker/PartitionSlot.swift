/// Where the assignment of a partition stands.
public enum PartitionLifecycle: Hashable, Sendable {
    /// Its state is being read. Exits: active, stopped, draining, gone.
    case restoring
    /// It takes jobs. Exits: draining, gone.
    case active
    /// It is to be handed over: what is decided is committed first; answers to calls under way
    /// are awaited until the moment given. Exits: gone.
    case draining(until: Instant)
    /// Its state cannot be trusted; nothing of it is touched. Exits: gone.
    case stopped(reason: String)
}

/// One assigned partition.
struct PartitionSlot {
    var machine: PartitionMachine
    var lifecycle = PartitionLifecycle.restoring
    /// API calls under way for its jobs; downloads are not counted, they are too long to wait for.
    var callsInFlight = 0
    /// The position that the gathering batch or an earlier one carries.
    var gatheredPosition: Int64 = 0

    /// The offset after the last job that can be read, while not all of them were delivered.
    var unreadUpTo: Int64?

    var isActive: Bool { lifecycle == .active }
    var isDraining: Bool { if case .draining = lifecycle { true } else { false } }
    mutating func clockWentBack(by step: Duration, to now: Instant) {
        if case .draining(let until) = lifecycle, until != .distantFuture {
            lifecycle = .draining(until: until.advanced(by: .zero - step))
        }
        // Looking at every job is worth it only when they would notice.
        if step > .seconds(60) { machine.clockWentBack(to: now) }
    }

    /// Whether decisions may still be made.
    var takesAnswers: Bool { isActive || isDraining }
}

// What every turn asks of every partition. All of it is `mutating`, though nothing changes: only then does the compiler
// look into an optional element of an array in place, instead of copying the slot with its dozen tables first.
extension PartitionSlot {
    /// Its epoch, while it takes jobs.
    var activeEpoch: Epoch? { mutating get { isActive ? machine.epoch : nil } }

    /// Its epoch, while decisions may still be made.
    var answeredEpoch: Epoch? { mutating get { takesAnswers ? machine.epoch : nil } }

    /// Jobs that wait to be submitted, by account.
    var pendingByAccount: [Int] { mutating get { machine.pendingByAccount } }

    /// How far it has come.
    var progress: SlotProgress { mutating get { SlotProgress(self) } }

    mutating func hasDueTimer(at now: Instant) -> Bool {
        guard isActive, let wake = machine.table.nextWake else { return false }
        return wake <= now
    }

    /// When it wants a tick if nothing else happens.
    mutating func nextWake(after now: Instant) -> Instant? {
        switch lifecycle {
        case .active: machine.table.nextWake
        // Past that moment it waits for a commit, which wakes the worker itself.
        case .draining(let until): until > now ? until : nil
        case .restoring, .stopped: nil
        }
    }

    /// Whether it waits for nothing but its last commit.
    mutating func isReadyToRelease(at now: Instant) -> Bool {
        guard case .draining(let until) = lifecycle else { return false }
        return callsInFlight == 0 || until <= now
    }
}

/// How far a partition has come, without its jobs.
struct SlotProgress {
    let partition: Int32
    let epoch: Epoch
    let position: Int64
    let gathered: Int64
    let recorded: Int64

    init(_ slot: borrowing PartitionSlot) {
        partition = slot.machine.partition
        epoch = slot.machine.epoch
        position = slot.machine.position
        gathered = slot.gatheredPosition
        recorded = slot.machine.recordedPosition
    }
}
