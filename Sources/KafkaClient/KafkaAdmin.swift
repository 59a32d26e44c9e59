import CRDKafka
public import Logging

/// Looks at the cluster's topics and groups and changes topics. All calls are safe from anywhere and block no thread
/// of Swift's pool; each has a time-out.
public final class KafkaAdmin: Sendable {
    private let handle: ClientHandle
    private let configuration: KafkaConfiguration
    private let logger: Logger
    private let calls = BlockingCalls(label: "kafka-admin-calls")

    /// Connects to nothing yet.
    /// - Throws: ``KafkaError`` with fault ``KafkaFault/configuration`` that names the property.
    public init(configuration: KafkaConfiguration, logger: Logger) throws(KafkaError) {
        try NativeConfiguration.refuseReserved(configuration.properties)
        self.configuration = configuration
        self.logger = logger
        handle = try Self.makeHandle(configuration, logger, groupID: nil)
    }

    /// A client that asks in the name of a group, without being its member.
    func makeHandle(groupID: String) throws(KafkaError) -> ClientHandle {
        try Self.makeHandle(configuration, logger, groupID: groupID)
    }

    private static func makeHandle(
        _ configuration: KafkaConfiguration,
        _ logger: Logger,
        groupID: String?
    ) throws(KafkaError) -> ClientHandle {
        var properties = configuration.base(adding: [:])
        properties["group.instance.id"] = nil
        // Looking at a topic must not create it.
        properties["allow.auto.create.topics"] = "false"
        // Watermarks are then the true ends, whatever transactions are open.
        properties["isolation.level"] = "read_uncommitted"
        properties["group.id"] = groupID
        return try ClientHandle(
            .consumer,
            properties: properties,
            logger: logger,
            events: LoggedEvents(logger: logger, client: "admin")
        )
    }

    /// Ends the client, after the calls that are under way. Waits ten seconds at the most.
    public func close() async {
        guard calls.beginClosing() else { return }
        let (handle, calls) = (handle, calls)
        await closing(within: .seconds(10)) {
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
        try await blocking("read watermarks") { (client) throws(KafkaError) in
            try queryWatermarks(client, partition, timeout)
        }
    }

    /// Runs a body that waits for a broker.
    func blocking<R: Sendable>(
        _ operation: String,
        _ body: @escaping @Sendable (OpaquePointer) throws(KafkaError) -> R
    ) async throws(KafkaError) -> R {
        let handle = handle
        return try await calls.run(operation) { () throws(KafkaError) in
            rd_kafka_poll(handle.pointer, 0)
            return try body(handle.pointer)
        }
    }
}

/// What an admin request needs and what it gives.
struct AdminCall {
    let operation: String
    let api: rd_kafka_admin_op_t
    let timeout: Duration
    /// Whether the broker is to wait with its answer until the change has reached all brokers.
    var waitsForCompletion = false

    /// Sends a request and reads its result while librdkafka still owns it.
    func run<R>(
        _ client: OpaquePointer,
        request: (_ options: OpaquePointer?, _ queue: OpaquePointer?) -> Void,
        result: (OpaquePointer) throws(KafkaError) -> R
    ) throws(KafkaError) -> R {
        let queue = rd_kafka_queue_new(client)
        defer { rd_kafka_queue_destroy(queue) }
        let options = rd_kafka_AdminOptions_new(client, api)
        defer { rd_kafka_AdminOptions_destroy(options) }
        var discarded = [CChar](repeating: 0, count: 256)
        rd_kafka_AdminOptions_set_request_timeout(options, timeout.milliseconds, &discarded, discarded.count)
        if waitsForCompletion {
            rd_kafka_AdminOptions_set_operation_timeout(options, timeout.milliseconds, &discarded, discarded.count)
        }
        request(options, queue)
        // librdkafka answers by itself when the time-out has passed; the second is for its own turn.
        guard let event = rd_kafka_queue_poll(queue, timeout.milliseconds &+ 1000) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, operation: operation)
        }
        defer { rd_kafka_event_destroy(event) }
        let code = rd_kafka_event_error(event)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
            let text = rd_kafka_event_error_string(event).map { String(cString: $0) }
            throw KafkaError(code, operation: operation, message: text)
        }
        return try result(event)
    }
}
