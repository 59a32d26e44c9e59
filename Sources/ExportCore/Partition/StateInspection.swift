/// The state of one partition, for tools that only read it.
public struct StateInspection: Sendable {
    private var machine: PartitionMachine
    private var newest: UInt32 = 0

    /// Creates an inspection without records.
    public init(partition: Int32) {
        machine = PartitionMachine(partition: partition, epoch: 0, configuration: CoreConfiguration())
    }

    /// Applies the next record of the partition's state.
    public mutating func apply(_ record: StateRecord) {
        machine.apply(record)
        if case .job(let job) = record { newest = max(newest, job.generation) }
        newest = max(newest, machine.recordedPosition.generation)
    }

    /// The position in the jobs partition from which a worker would continue.
    public var position: JobsPosition { machine.recordedPosition }

    /// Jobs that have not ended.
    public var openJobs: Int { machine.activeCount }

    /// Jobs that are known, including those that have ended.
    public var knownJobs: Int { machine.table.count }

    /// Why a worker cannot continue from this state; `nil` when it can.
    public func stopReason(_ ends: RestoredEnds) -> StopReason? { machine.discontinuity(ends) }

    /// A record that moves workers to another position. It supersedes all positions in the state and keeps its jobs.
    ///
    /// - Parameters:
    ///   - offset: the offset of the next record to decide.
    ///   - timestamp: the timestamp of the record before that, where there is one.
    ///   - stateStart: where the state partition begins.
    public func recovery(from offset: Int64, timestamp: Int64?, stateStart: Int64) -> StateRecord {
        let position = JobsPosition(generation: newest + 1, offset: offset, timestamp: timestamp)
        return .origin(StateOrigin(position: position, stateStart: stateStart))
    }
}
