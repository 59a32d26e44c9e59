public import KafkaClient
import WorkerRuntime

extension KafkaLog {
    /// The metadata that fences a commit; `nil` when one of its assignments has ended, or while the group excludes this worker.
    func fence(for commit: LogCommit, _ parts: Parts) async -> KafkaGroupMetadata? {
        guard configuration.groupProtocol == .consumer else { return assignments.fence(for: commit.positions) }
        // A member's epoch changes without a callback. It is read first: an epoch that the member got after a loss of its
        // partitions is one that it got after the loss was reported, and the assignments have ended then.
        guard let present = try? await parts.consumer.groupMetadata() else { return nil }
        return assignments.fence(for: commit.positions) == nil ? nil : present
    }

    /// The consumer group as the broker describes it, and the id by which it knows this worker.
    ///
    /// - Parameter timeout: how long the brokers may take to answer.
    /// - Returns: `nil` while the log is not open.
    public func group(
        timeout: Duration
    ) async throws(KafkaError) -> (group: KafkaGroupDescription, memberID: String)? {
        guard let parts = present else { return nil }
        return (try await parts.admin.group(configuration.groupID, timeout: timeout), parts.consumer.memberID)
    }
}
