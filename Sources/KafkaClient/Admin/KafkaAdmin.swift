import CRDKafka
public import Logging

/// Describes the cluster's topics and groups and changes topics. All calls are safe from anywhere and block no thread
/// of Swift's pool; each has a time-out.
public final class KafkaAdmin: Sendable {
    private let handle: ClientHandle
    private let configuration: KafkaConfiguration
    private let logger: Logger
    private let onError: (@Sendable (KafkaError) -> Void)?
    let calls = BlockingCalls(label: "kafka-admin-calls")
    /// How much longer than its time-out a call may take, on a busy machine.
    private static let slack: Duration = .seconds(5)

    /// Connects to nothing yet.
    /// - Parameters:
    ///   - configuration: where the cluster is.
    ///   - logger: receives librdkafka's messages and the client's errors.
    ///   - onError: called for each error that concerns the client as a whole, such as a broker that refuses the
    ///     credentials; on any thread, during calls.
    /// - Throws: ``KafkaError`` with fault ``KafkaFault/configuration`` that names the property.
    public init(
        configuration: KafkaConfiguration,
        logger: Logger,
        onError: (@Sendable (KafkaError) -> Void)? = nil
    ) throws(KafkaError) {
        try NativeConfiguration.refuseReserved(configuration.properties)
        self.configuration = configuration
        self.logger = logger
        self.onError = onError
        handle = try Self.makeHandle(configuration, logger, groupID: nil, onError)
    }

    /// A client that reads a group's offsets without being its member.
    func makeHandle(groupID: String) throws(KafkaError) -> ClientHandle {
        try Self.makeHandle(configuration, logger, groupID: groupID, onError)
    }

    private static func makeHandle(
        _ configuration: KafkaConfiguration,
        _ logger: Logger,
        groupID: String?,
        _ onError: (@Sendable (KafkaError) -> Void)?
    ) throws(KafkaError) -> ClientHandle {
        var properties = configuration.base(adding: [:])
        properties["group.instance.id"] = nil
        // Describing a topic must not create it.
        properties["allow.auto.create.topics"] = "false"
        // Watermarks are then the true ends, whatever transactions are open.
        properties["isolation.level"] = "read_uncommitted"
        properties["group.id"] = groupID
        return try ClientHandle(
            .consumer,
            properties: properties,
            credentials: configuration.credentials,
            logger: logger,
            events: LoggedEvents(logger: logger, client: "admin", onError: onError)
        )
    }

    /// Ends the client, after the calls in progress. Waits ten seconds at the most.
    public func close() async {
        guard calls.beginClosing() else { return }
        let (handle, calls) = (handle, calls)
        _ = await waiting(within: .seconds(10)) {
            calls.close()
            _ = handle.destroy(waitingUpTo: .zero)
        }
    }

    /// The ends of a partition: `high` is the offset that the next record will get, counting those of open
    /// transactions.
    public func watermarks(
        _ partition: KafkaTopicPartition,
        timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> KafkaWatermarks {
        try await blocking("read watermarks", timeout) { (client) throws(KafkaError) in
            try queryWatermarks(client, partition, timeout)
        }
    }

    /// The cluster's id; `nil` when no broker reports it in time.
    public func clusterID(timeout: Duration = .seconds(5)) async throws(KafkaError) -> String? {
        try await blocking("read cluster id", timeout) { (client) throws(KafkaError) in
            guard let id = rd_kafka_clusterid(client, timeout.milliseconds) else { return nil }
            defer { rd_kafka_mem_free(client, id) }
            return String(cString: id)
        }
    }

    /// Runs a body that waits for a broker until its time-out.
    func blocking<R: Sendable>(
        _ operation: String,
        _ timeout: Duration,
        _ body: @escaping @Sendable (OpaquePointer) throws(KafkaError) -> R
    ) async throws(KafkaError) -> R {
        let handle = handle
        return try await calls.run(operation, within: timeout + Self.slack) { () throws(KafkaError) in
            // Errors that concern the client arrive by polling: before the call, and while it waited.
            rd_kafka_poll(handle.pointer, 0)
            defer { rd_kafka_poll(handle.pointer, 0) }
            return try body(handle.pointer)
        }
    }
}
