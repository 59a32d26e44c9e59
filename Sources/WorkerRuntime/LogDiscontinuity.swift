/// How a partition turns out not to be the one that was restored.
public enum LogDiscontinuity: Sendable, Hashable {
    /// The jobs partition ends below the position that was delivered.
    case jobsEndBelowPosition(position: Int64, end: Int64)
    /// Another record than the one that was delivered is at this offset of the jobs partition.
    case jobsReplaced(offset: Int64)
    /// The state partition ends below the end that was read.
    case stateReplaced
}
