public import Logging
import Synchronization

/// Reads chosen partitions from chosen offsets, outside of any consumer group, for example to restore state.
///
/// It never commits anything. One reader can serve many cursors, at once or one after the other, over one set of
/// connections.
public final class KafkaPartitionReader: Sendable {
    private let handle: ClientHandle
    private let calls = BlockingCalls(label: "kafka-reader-calls")
    private let cursors = Mutex<[ObjectIdentifier: KafkaPartitionCursor]>([:])

    /// Connects to nothing yet.
    /// - Throws: ``KafkaError`` with fault ``KafkaFault/configuration`` that names the property.
    public init(
        configuration: KafkaConfiguration,
        isolation: KafkaIsolation = .readCommitted,
        logger: Logger
    ) throws(KafkaError) {
        try NativeConfiguration.refuseReserved(configuration.properties)
        var properties = configuration.base(adding: [
            "auto.offset.reset": "earliest",
            // Of each partition that is read ahead: librdkafka's own limits are 64 MiB and 100,000 records, and four partitions
            // may be read at once.
            "queued.max.messages.kbytes": "8192", "queued.min.messages": "10000",
            // An empty answer marks a partition's end, and brokers keep it back for half a second otherwise; 64
            // partitions, four at a time, took 16 s to restore for that alone.
            "fetch.wait.max.ms": "20",
        ])
        // No group: membership settings have no meaning here, and a static member's id must not appear twice.
        properties["group.instance.id"] = nil
        properties["isolation.level"] = isolation.rawValue
        properties["enable.partition.eof"] = "true"
        properties["enable.auto.commit"] = "false"
        properties["enable.auto.offset.store"] = "false"
        handle = try ClientHandle(
            .consumer,
            properties: properties,
            credentials: configuration.credentials,
            logger: logger,
            events: LoggedEvents(logger: logger, client: "reader")
        )
    }

    /// Begins to read these partitions. Fetching starts at once.
    public func open(
        _ starts: [KafkaTopicPartition: KafkaStartOffset]
    ) async throws(KafkaError) -> KafkaPartitionCursor {
        let handle = handle
        let cursor = try await calls.run("open partitions") { [calls] () throws(KafkaError) in
            try KafkaPartitionCursor(starts, handle: handle, calls: calls)
        }
        cursors.withLock { $0[ObjectIdentifier(cursor)] = cursor }
        return cursor
    }

    /// Reads one partition up to an end, batch by batch, and returns when the *position* has reached it: transaction
    /// markers and compacted records occupy offsets too, so the last record may lie well below the end.
    /// - Parameters:
    ///   - partition: the partition.
    ///   - start: where reading begins.
    ///   - end: the offset to reach, usually ``KafkaWatermarks/high``. Reading stops at the first batch that reaches
    ///     it; records at or above it are not delivered.
    ///   - maxBatchCount: the most records of one batch.
    ///   - stallTimeout: how long the position may stand still before reading fails.
    ///   - body: called for each run of records, in order, off Swift's cooperative pool's threads or on them.
    /// - Returns: the position, at least `end`.
    /// - Throws: ``KafkaError`` with fault ``KafkaFault/retry`` after `stallTimeout` without progress, and what `body`
    ///   throws.
    @discardableResult
    public func read(
        _ partition: KafkaTopicPartition,
        from start: KafkaStartOffset = .beginning,
        to end: Int64,
        maxBatchCount: Int = 1000,
        stallTimeout: Duration = .seconds(30),
        _ body: (Slice<KafkaRecordBatch>) async throws -> Void
    ) async throws -> Int64 {
        if end <= 0 { return end }
        let cursor = try await open([partition: start])
        do {
            let position = try await drain(cursor, partition, end, maxBatchCount, stallTimeout, body)
            await close(cursor)
            return position
        } catch {
            await close(cursor)
            throw error
        }
    }

    private func drain(
        _ cursor: KafkaPartitionCursor,
        _ partition: KafkaTopicPartition,
        _ end: Int64,
        _ maxBatchCount: Int,
        _ stallTimeout: Duration,
        _ body: (Slice<KafkaRecordBatch>) async throws -> Void
    ) async throws -> Int64 {
        let clock = ContinuousClock()
        var moved = clock.now
        var position: Int64 = -1
        while true {
            try Task.checkCancellation()
            if let batch = try await cursor.next(maxCount: maxBatchCount) {
                let wanted = batch.prefix { $0.offset < end }
                if !wanted.isEmpty { try await body(wanted) }
            }
            let reached = cursor.position(of: partition) ?? -1
            if reached >= end { return reached }
            if reached > position {
                position = reached
                moved = clock.now
            } else if clock.now - moved > stallTimeout {
                throw KafkaError(
                    fault: .retry,
                    code: .timedOut,
                    message: "no progress towards offset \(end), at \(reached)",
                    operation: "read partition",
                    topic: partition.topic,
                    partition: partition.partition
                )
            }
        }
    }

    /// Ends a cursor, and waits ten seconds at the most. Batches that it returned stay good until the reader closes.
    public func close(_ cursor: KafkaPartitionCursor) async {
        _ = cursors.withLock { $0.removeValue(forKey: ObjectIdentifier(cursor)) }
        // After the reader's own close there is nothing left to do.
        try? await calls.run("close partitions", within: .seconds(10)) { () throws(KafkaError) in cursor.stop() }
    }

    /// Ends all cursors and the client. Batches must have been released; a client whose batches are held for more
    /// than ten seconds is never freed.
    public func close() async {
        let open = cursors.withLock { cursors in
            defer { cursors = [:] }
            return Array(cursors.values)
        }
        let handle = handle
        let calls = calls
        guard calls.beginClosing() else { return }
        _ = await waiting(within: .seconds(20)) {
            calls.close()
            for cursor in open { cursor.stop() }
            _ = handle.destroy(waitingUpTo: .seconds(10))
        }
    }
}
