public import ExportCore
public import KafkaClient
public import Logging

/// Reads single records again, to check whether a partition still holds what was once read from it. `ContinuityWatch` and
/// `topics recover` use it.
public struct RecordWitness: Sendable {
    private let admin: KafkaAdmin
    private let reader: KafkaPartitionReader

    /// How long one record may take.
    private static let patience: Duration = .seconds(5)

    /// Connects to nothing yet.
    ///
    /// - Parameter admin: asks for a topic's settings. Stays the caller's to close.
    /// - Throws: `KafkaError` for a wrong configuration.
    public init(configuration: KafkaConfiguration, admin: KafkaAdmin, logger: Logger) throws(KafkaError) {
        self.admin = admin
        var kafka = configuration
        // One record is wanted: a broker returns a whole batch all the same, and no more than that.
        kafka.properties["fetch.message.max.bytes"] = "1024"
        kafka.properties["queued.min.messages"] = "1"
        // Without waiting for open transactions: the record was committed when it was read first.
        reader = try KafkaPartitionReader(configuration: kafka, isolation: .readUncommitted, logger: logger)
    }

    /// Whether a partition holds a record. Its offset must lie between the partition's ends.
    ///
    /// - Throws: `KafkaError` when the record cannot be read, or there is none and compaction may have removed it.
    public func holds(_ mark: JobsMark, in partition: KafkaTopicPartition) async throws -> Bool {
        switch try await record(at: mark.offset, of: partition) {
        case .record(let found): return found == mark.timestamp
        // Where a record was read, only compaction leaves none: a transaction's marker was never a record.
        case .none: return await isCompacted(partition.topic)
        }
    }

    /// What is at an offset.
    public enum Finding: Sendable, Hashable {
        /// A record with this timestamp.
        case record(timestamp: Int64?)
        /// No record: a transaction's marker, or what compaction has left.
        case none
    }

    /// What is at this offset, which must lie between the partition's ends.
    ///
    /// - Throws: `KafkaError` when it cannot be read in time.
    public func record(at offset: Int64, of partition: KafkaTopicPartition) async throws(KafkaError) -> Finding {
        let cursor = try await reader.open([partition: .offset(offset)])
        do throws(KafkaError) {
            let finding = try await first(cursor, at: offset, partition)
            await reader.close(cursor)
            return finding
        } catch {
            await reader.close(cursor)
            throw error
        }
    }

    private func first(
        _ cursor: KafkaPartitionCursor,
        at offset: Int64,
        _ partition: KafkaTopicPartition
    ) async throws(KafkaError) -> Finding {
        let deadline = ContinuousClock.now + Self.patience
        while ContinuousClock.now < deadline {
            if let batch = try await cursor.next(maxCount: 1), let record = batch.first {
                return record.offset == offset ? .record(timestamp: record.timestamp) : .none
            }
            if cursor.isAtEnd(of: partition) { return .none }
        }
        throw KafkaError(
            fault: .retry,
            code: .timedOut,
            message: "no record at offset \(offset) in time",
            operation: "read record",
            topic: partition.topic,
            partition: partition.partition
        )
    }

    /// Whether compaction may have removed records. A broker that does not report its policy may compact.
    private func isCompacted(_ topic: String) async -> Bool {
        guard let settings = try? await admin.topicConfiguration(topic, timeout: .seconds(5)),
            let policy = settings["cleanup.policy"]
        else { return true }
        return policy.contains("compact")
    }

    /// Ends the client.
    public func close() async { await reader.close() }
}
