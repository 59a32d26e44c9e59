/// The end of a job: the `status` of its completion event.
public enum JobStatus: UInt8, Hashable, Sendable, CaseIterable {
    /// The file is available.
    case completed = 1
    /// The export could not be obtained.
    case failed = 2
    /// A cancel command ended it.
    case cancelled = 3
    /// The document was refused; nothing was exported for it.
    case rejected = 4
}
