public import KafkaClient

extension KafkaLog {
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
