/// The log cannot continue in this process.
public struct WorkerFailure: Error, Hashable, Sendable {
    /// Why. A text is an error of the log, for people; it holds no secret.
    public enum Cause: Hashable, Sendable {
        /// The log could not be opened.
        case notStarted(String)
        /// Another worker of the group has this worker's id: it has joined, or its transactions end this worker's again and
        /// again.
        case workerIDInUse(workerID: String, groupID: String)
        /// The brokers refuse the group protocol.
        case groupProtocolRefused(String)
        /// The consumer has failed for good.
        case consumerFailed(String)
    }

    /// Why.
    public var cause: Cause

    /// Creates a failure.
    public init(_ cause: Cause) { self.cause = cause }
}
