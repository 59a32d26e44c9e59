/// What to do about an error. The broker's and librdkafka's flags and codes decide it, never their messages.
public enum KafkaFault: String, Sendable, Hashable, CaseIterable {
    /// It may pass: make the same call again, after a pause.
    case retry
    /// Abort the transaction. Its contents may then be written again in a new one.
    case abortTransaction
    /// The group moved on during the transaction: its group metadata is out of date. Abort, and write
    /// nothing for these partitions until the next rebalance request brings new metadata.
    case staleGeneration
    /// Another producer has taken over this transactional id, or the broker has ended this producer. Close it and drop
    /// what it had not committed.
    case fenced
    /// The request cannot succeed as it is (record too large, no such topic, topic exists already).
    /// Repeating it does not help.
    case rejected
    /// A property, a credential or a permission is wrong. An operator has to correct it.
    case configuration
    /// This client cannot continue: close it and make a new one, or exit and let the supervisor do so. What was in
    /// flight may or may not have happened.
    case fatal
    /// The client had been closed before the call. A mistake in the program.
    case closed

    /// What to do, as a clause for error texts.
    public var remedy: String {
        switch self {
        case .retry: "try again"
        case .abortTransaction: "abort the transaction, then write it again"
        case .staleGeneration: "abort the transaction and wait for the next rebalance"
        case .fenced: "close this producer; another one has taken over its transactional id"
        case .rejected: "change the request; repeating it does not help"
        case .configuration: "correct the configuration, credentials or permissions"
        case .fatal: "close this client and make a new one"
        case .closed: "make no calls after close()"
        }
    }
}
