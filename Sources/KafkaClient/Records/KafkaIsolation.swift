/// What a reader sees of transactions.
public enum KafkaIsolation: String, Sendable, Hashable {
    /// Records of committed transactions only, and nothing beyond the first open one.
    case readCommitted = "read_committed"
    /// Everything, aborted records too.
    case readUncommitted = "read_uncommitted"
}
