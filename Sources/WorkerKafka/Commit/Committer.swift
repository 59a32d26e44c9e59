import KafkaClient
import WorkerRuntime

extension KafkaError {
    /// Whether the producer does not know a partition, because it was added after the producer had read its metadata.
    var meansOldMetadata: Bool {
        code == .unknownPartition || deliveryFailures.contains { $0.error.code == .unknownPartition }
    }
}

/// Stores commits, in one of the two delivery modes: `TransactionalCommitter` or `OffsetCommitter`. `KafkaLog` owns it.
protocol Committer: Sendable {
    /// Whether commits can be made now.
    var isAbleToCommit: Bool { get }
    /// Prepares for commits; retries until the brokers answer.
    func prepare() async
    /// Stores a commit.
    func commit(_ commit: LogCommit, consumer: KafkaConsumer, metadata: KafkaGroupMetadata) async -> CommitOutcome
    /// Reads the topics' metadata, before every commit that is requested later.
    func refreshTopics() async
    /// Makes a new producer. Returns why that cannot help, if it cannot.
    func rebuild() async -> WorkerFailure.Cause?
    /// Closes the producer. One that takes longer than the bound is left behind.
    func close(within bound: Duration) async
}
