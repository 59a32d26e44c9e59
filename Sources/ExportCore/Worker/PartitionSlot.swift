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
