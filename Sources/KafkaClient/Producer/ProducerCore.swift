import CRDKafka
import Dispatch
import Foundation
import Logging

/// What both producers share: the client, its queue of records, and what became of them.
///
/// Not for sharing: everything here happens on the owning actor's thread, librdkafka's delivery reports too, because
/// they are served by polling.
final class ProducerCore {
    let logger: Logger
    /// How long a full queue is waited for; `message.timeout.ms`, after which librdkafka itself has given up on what
    /// fills it.
    private let queueTimeout: Duration
    private(set) var handle: ClientHandle?
    private var topics: [String: OpaquePointer] = [:]
    /// Failures since the last ``takeFailures()``.
    private var failures: [KafkaDeliveryFailure] = []
    /// The newest error of the client as a whole since the last ``takeClientError()``.
    private var clientError: KafkaError?
    /// Makes calls that may not return.
    private let unreturned = DispatchQueue(label: "kafka-producer-calls")
    /// Whether a call has not returned.
    private var isStuck = false
    private let arguments = UnsafeMutableBufferPointer<rd_kafka_vu_t>.allocate(capacity: 8)

    init(
        properties: [String: String],
        credentials: KafkaCredentials?,
        queueTimeout: Duration,
        logger: Logger
    ) throws(KafkaError) {
        self.logger = logger
        self.queueTimeout = queueTimeout
        handle = try ClientHandle(
            .producer,
            properties: properties,
            credentials: credentials,
            logger: logger,
            events: self
        )
    }

    deinit {
        arguments.deallocate()
        if handle != nil {
            logger.error("Kafka producer was released without close() and leaks")
        }
    }

    func client(_ operation: String) throws(KafkaError) -> OpaquePointer {
        guard let handle else { throw .closed(operation) }
        return handle.pointer
    }

    func takeFailures() -> [KafkaDeliveryFailure] {
        defer { failures = [] }
        return failures
    }

    /// The newest error of the connection to the brokers since the last call.
    func takeClientError() -> KafkaError? {
        defer { clientError = nil }
        return clientError
    }

    /// Serves delivery reports until all records are delivered or have failed, or until one has failed and no other
    /// report follows: after a failure a transaction sends nothing more of what waits.
    /// - Returns: what failed, and whether nothing waits any more.
    func settle(timeout: Duration) -> (failures: [KafkaDeliveryFailure], isComplete: Bool) {
        guard let handle else { return (takeFailures(), true) }
        let clock = ContinuousClock()
        let deadline = clock.now + timeout
        var known = 0
        var changed = clock.now
        while rd_kafka_outq_len(handle.pointer) > 0, clock.now < deadline {
            rd_kafka_poll(handle.pointer, 20)
            if failures.count > known { (known, changed) = (failures.count, clock.now) }
            if known > 0, clock.now - changed > .milliseconds(300) { break }
        }
        return (takeFailures(), rd_kafka_outq_len(handle.pointer) == 0)
    }

    func poll() {
        if let handle { rd_kafka_poll(handle.pointer, 0) }
    }

    /// Asks for the topics' metadata, which costs the first transaction on a topic a second otherwise.
    func prepare(_ names: [String], timeout: Duration) throws(KafkaError) {
        let client = try client("read topic metadata")
        for name in names {
            var metadata: UnsafePointer<rd_kafka_metadata>?
            let code = rd_kafka_metadata(client, 0, try topic(name), &metadata, timeout.milliseconds)
            if let metadata { rd_kafka_metadata_destroy(metadata) }
            if code != RD_KAFKA_RESP_ERR_NO_ERROR {
                var error = KafkaError(code, operation: "read topic metadata")
                error.topic = name
                throw error
            }
        }
    }

    /// Makes a call that may not return: in librdkafka, `rd_kafka_send_offsets_to_transaction` waits without an end when the
    /// broker that it asked for the group's coordinator hung.
    /// - Returns: the call's error, which the caller has to destroy.
    /// - Throws: ``KafkaFault/fatal`` at the end of the bound. The call stays in its thread, and the client in memory.
    func returning(
        _ operation: String,
        within bound: Duration,
        _ call: @escaping @Sendable () -> OpaquePointer?
    ) throws(KafkaError) -> OpaquePointer? {
        let returned = ReturnedError()
        unreturned.async { returned.set(call()) }
        if let error = returned.wait(within: bound) { return error.pointer }
        isStuck = true
        throw KafkaError(
            fault: .fatal,
            code: .timedOut,
            message: "librdkafka does not return",
            operation: operation
        )
    }

    /// Gives up the client, which the caller destroys; what has not been delivered is lost.
    func release() -> ClientHandle? {
        guard !isStuck else {
            logger.error("Kafka producer is stuck in a call, its client is left in memory")
            handle = nil
            return nil
        }
        for topic in topics.values { rd_kafka_topic_destroy(topic) }
        topics = [:]
        defer { handle = nil }
        return handle
    }

    private func topic(_ name: String) throws(KafkaError) -> OpaquePointer {
        if let known = topics[name] { return known }
        guard let made = rd_kafka_topic_new(try client("produce"), name, nil) else {
            var error = KafkaError(rd_kafka_last_error(), operation: "produce")
            error.topic = name
            throw error
        }
        topics[name] = made
        return made
    }
}

// MARK: - Producing

extension ProducerCore {
    /// Puts a record into librdkafka's queue; waits for room in it.
    func produce(_ record: KafkaProducerRecord) throws(KafkaError) {
        let client = try client("produce")
        let clock = ContinuousClock()
        var deadline: ContinuousClock.Instant?
        while let error = try enqueue(record, client) {
            var failure = KafkaError(consuming: error, operation: "produce")
            failure.topic = record.topic
            failure.partition = record.partition
            guard failure.code.native == RD_KAFKA_RESP_ERR__QUEUE_FULL else {
                // No delivery report follows for a record that was not taken.
                let place = KafkaTopicPartition(topic: record.topic, partition: record.partition ?? -1)
                let refusal = failure
                failure.deliveryFailures = [
                    KafkaDeliveryFailure(topicPartition: place, tag: record.tag, error: refusal)
                ]
                throw failure
            }
            let end = deadline ?? clock.now + queueTimeout
            deadline = end
            guard clock.now < end else { throw failure }
            // Serves delivery reports, which is what makes room.
            rd_kafka_poll(client, 100)
        }
    }

    /// librdkafka copies the bytes. Returns its error, which the caller has to destroy.
    private func enqueue(_ record: KafkaProducerRecord, _ client: OpaquePointer) throws(KafkaError) -> OpaquePointer? {
        let topic = try topic(record.topic)
        return Self.withBytes(record.key) { key in
            Self.withBytes(record.value) { value in enqueue(record, topic, key, value, client) }
        }
    }

    private func enqueue(
        _ record: KafkaProducerRecord,
        _ topic: OpaquePointer,
        _ key: UnsafeRawBufferPointer?,
        _ value: UnsafeRawBufferPointer?,
        _ client: OpaquePointer
    ) -> OpaquePointer? {
        var count = 0
        func add(_ type: rd_kafka_vtype_t, _ fill: (inout rd_kafka_vu_t) -> Void) {
            var argument = rd_kafka_vu_t()
            argument.vtype = type
            fill(&argument)
            arguments.initializeElement(at: count, to: argument)
            count += 1
        }
        let headers = Self.native(record.headers)
        add(RD_KAFKA_VTYPE_RKT) { $0.u.rkt = topic }
        add(RD_KAFKA_VTYPE_PARTITION) { $0.u.i32 = record.partition ?? -1 }
        add(RD_KAFKA_VTYPE_MSGFLAGS) { $0.u.i = RD_KAFKA_MSG_F_COPY }
        add(RD_KAFKA_VTYPE_OPAQUE) { $0.u.ptr = UnsafeMutableRawPointer(bitPattern: record.tag) }
        if let key { add(RD_KAFKA_VTYPE_KEY) { Self.set(key, in: &$0) } }
        if let value { add(RD_KAFKA_VTYPE_VALUE) { Self.set(value, in: &$0) } }
        if let timestamp = record.timestamp { add(RD_KAFKA_VTYPE_TIMESTAMP) { $0.u.i64 = timestamp } }
        if let headers { add(RD_KAFKA_VTYPE_HEADERS) { $0.u.headers = headers } }
        let error = rd_kafka_produceva(client, arguments.baseAddress, count)
        // The headers are librdkafka's once the record is taken.
        if error != nil, let headers { rd_kafka_headers_destroy(headers) }
        return error
    }

    private static func native(_ headers: [KafkaHeader]) -> OpaquePointer? {
        guard !headers.isEmpty else { return nil }
        let native = rd_kafka_headers_new(headers.count)
        for header in headers {
            withBytes(header.value) { value in
                _ = rd_kafka_header_add(native, header.name, -1, value?.baseAddress, value?.count ?? 0)
            }
        }
        return native
    }

    private static func set(_ bytes: UnsafeRawBufferPointer, in argument: inout rd_kafka_vu_t) {
        // librdkafka declares the pointer mutable and copies from it.
        argument.u.mem = .init(ptr: UnsafeMutableRawPointer(mutating: bytes.baseAddress), size: bytes.count)
    }

    /// The bytes with an address even when there are none: librdkafka takes a null pointer for "no key" or "no value".
    private static func withBytes<R>(_ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) -> R) -> R {
        guard let bytes else { return body(nil) }
        if bytes.isEmpty { return body(UnsafeRawBufferPointer(start: emptyBytes, count: 0)) }
        return bytes.withUnsafeBytes(body)
    }

    /// Stands for "empty, but there". Never read: its length is 0. Sound: the address never changes.
    nonisolated(unsafe) private static let emptyBytes = UnsafeRawPointer(
        UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1)
    )
}

// MARK: - Callbacks

extension ProducerCore: ClientEvents {
    func messageDelivered(_ message: UnsafePointer<rd_kafka_message_t>) {
        let code = message.pointee.err
        switch code {
        // An abort purges the queues; that is no failure of the record.
        case RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR__PURGE_QUEUE, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT: return
        default: break
        }
        let place = KafkaTopicPartition(
            topic: rd_kafka_topic_name(message.pointee.rkt).map { String(cString: $0) } ?? "",
            partition: message.pointee.partition
        )
        failures.append(
            KafkaDeliveryFailure(
                topicPartition: place,
                tag: UInt(bitPattern: message.pointee._private),
                error: KafkaError(code, operation: "deliver record", topicPartition: place)
            )
        )
    }

    func clientFailed(_ error: KafkaError) {
        logger.warning("Kafka producer error", metadata: error.logMetadata)
        // "All brokers are down" is less specific than the error of the last one.
        if clientError == nil || error.code != .allBrokersDown { clientError = error }
    }
}
