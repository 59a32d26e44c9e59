/// One record of a state partition, decoded.
public enum StateRecord: Hashable, Sendable {
    /// A job's newest state.
    case job(JobRecord)
    /// A job whose deduplication window is over: the record's value is null.
    case forgotten(id: String)
    /// A batch whose end is decided.
    case batch(JobBatchRecord)
    /// A batch that is forgotten together with its jobs: the record's value is null.
    case batchForgotten(id: String)
    /// The pauses of the partition; none when the record's value is null.
    case pauses([JobPause])
    /// The next offset of the jobs partition that is not yet decided. Written after records that
    /// create no job (dead letters, cancel commands), so that the state partition alone determines
    /// where to continue, also when the group's offsets are gone.
    case position(JobsPosition)
    /// Where the partition's state begins.
    case origin(StateOrigin)
}
