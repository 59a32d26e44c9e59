import CRDKafka
import Foundation
import Logging

/// What both producers share: the client, handing records over, and what became of them.
///
/// Not for sharing: everything here happens on the owning actor's thread, librdkafka's delivery reports too, because
/// they are served by polling.
final class ProducerCore {
    let logger: Logger
    /// How long a full queue is waited for; `message.timeout.ms`, after which librdkafka itself has given up on what
    /// fills it.
    private let queueTimeout: Duration
    private let onDelivery: (@Sendable (KafkaDelivery) -> Void)?
    private let onStatistics: (@Sendable (KafkaStatistics) -> Void)?
    private(set) var handle: ClientHandle?
    private var topics: [String: OpaquePointer] = [:]
    /// Failures since the last ``takeFailures()``.
    private var failures: [KafkaDeliveryFailure] = []
    private let arguments = UnsafeMutableBufferPointer<rd_kafka_vu_t>.allocate(capacity: 8)

    init(
        properties: [String: String],
        queueTimeout: Duration,
        logger: Logger,
        onDelivery: (@Sendable (KafkaDelivery) -> Void)?,
        onStatistics: (@Sendable (KafkaStatistics) -> Void)?
    ) throws(KafkaError) {
        self.logger = logger
        self.queueTimeout = queueTimeout
        self.onDelivery = onDelivery
        self.onStatistics = onStatistics
        handle = try ClientHandle(.producer, properties: properties, logger: logger, events: self)
    }

    deinit {
        arguments.deallocate()
        if handle != nil {
            logger.error("Kafka producer was let go without close() and leaks")
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

    /// Destroys the client. Blocks; what has not been delivered is lost.
    func close() {
        guard let handle else { return }
        for topic in topics.values { rd_kafka_topic_destroy(topic) }
        topics = [:]
        self.handle = nil
        _ = handle.destroy(waitingUpTo: .zero)
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

/// A record's parts in place. librdkafka copies the bytes.
struct RecordParts {
    var topic: String
    var partition: Int32?
    var key: UnsafeRawBufferPointer?
    var value: UnsafeRawBufferPointer?
    var headers: [KafkaHeader]
    var timestamp: Int64?
    var tag: UInt
}

extension ProducerCore {
    func produce(_ record: KafkaProducerRecord) throws(KafkaError) {
        try Self.withBytes(record.key) { (key) throws(KafkaError) in
            try Self.withBytes(record.value) { (value) throws(KafkaError) in
                try produce(
                    RecordParts(
                        topic: record.topic,
                        partition: record.partition,
                        key: key,
                        value: value,
                        headers: record.headers,
                        timestamp: record.timestamp,
                        tag: record.tag
                    )
                )
            }
        }
    }

    /// Hands a record over to librdkafka's queue; waits for room in it.
    func produce(_ record: RecordParts) throws(KafkaError) {
        let client = try client("produce")
        let clock = ContinuousClock()
        var deadline: ContinuousClock.Instant?
        while let error = try handOver(record, client) {
            var failure = KafkaError(consuming: error, operation: "produce")
            failure.topic = record.topic
            failure.partition = record.partition
            guard failure.code.native == RD_KAFKA_RESP_ERR__QUEUE_FULL else { throw failure }
            let end = deadline ?? clock.now + queueTimeout
            deadline = end
            guard clock.now < end else { throw failure }
            // Serves delivery reports, which is what makes room.
            rd_kafka_poll(client, 100)
        }
    }

    private func handOver(_ record: RecordParts, _ client: OpaquePointer) throws(KafkaError) -> OpaquePointer? {
        var count = 0
        func add(_ type: rd_kafka_vtype_t, _ fill: (inout rd_kafka_vu_t) -> Void) {
            var argument = rd_kafka_vu_t()
            argument.vtype = type
            fill(&argument)
            arguments.initializeElement(at: count, to: argument)
            count += 1
        }
        let topic = try topic(record.topic)
        let headers = Self.native(record.headers)
        add(RD_KAFKA_VTYPE_RKT) { $0.u.rkt = topic }
        add(RD_KAFKA_VTYPE_PARTITION) { $0.u.i32 = record.partition ?? -1 }
        add(RD_KAFKA_VTYPE_MSGFLAGS) { $0.u.i = RD_KAFKA_MSG_F_COPY }
        add(RD_KAFKA_VTYPE_OPAQUE) { $0.u.ptr = UnsafeMutableRawPointer(bitPattern: record.tag) }
        if let key = record.key { add(RD_KAFKA_VTYPE_KEY) { Self.set(key, in: &$0) } }
        if let value = record.value { add(RD_KAFKA_VTYPE_VALUE) { Self.set(value, in: &$0) } }
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
    static func withBytes<R, E>(
        _ bytes: [UInt8]?,
        _ body: (UnsafeRawBufferPointer?) throws(E) -> R
    ) throws(E) -> R {
        guard let bytes else { return try body(nil) }
        if bytes.isEmpty { return try body(UnsafeRawBufferPointer(start: emptyBytes, count: 0)) }
        return try bytes.withUnsafeBufferPointer { (buffer) throws(E) in try body(UnsafeRawBufferPointer(buffer)) }
    }

    /// Stands for "empty, but there". Never read: its length is 0. Sound: the address never changes.
    nonisolated(unsafe) static let emptyBytes = UnsafeRawPointer(
        UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1)
    )
}

// MARK: - Callbacks

extension ProducerCore: ClientEvents {
    func messageDelivered(_ message: UnsafePointer<rd_kafka_message_t>) {
        let code = message.pointee.err
        let tag = UInt(bitPattern: message.pointee._private)
        if code == RD_KAFKA_RESP_ERR_NO_ERROR {
            guard let onDelivery else { return }
            let place = KafkaTopicPartitionOffset(Self.place(of: message), offset: message.pointee.offset)
            onDelivery(KafkaDelivery(position: place, tag: tag))
            return
        }
        // An abort takes what is left out of the queues; that is no failure of the record.
        if code == RD_KAFKA_RESP_ERR__PURGE_QUEUE || code == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT { return }
        let place = Self.place(of: message)
        failures.append(
            KafkaDeliveryFailure(
                topicPartition: place,
                tag: tag,
                error: KafkaError(code, operation: "deliver record", topicPartition: place)
            )
        )
    }

    private static func place(of message: UnsafePointer<rd_kafka_message_t>) -> KafkaTopicPartition {
        KafkaTopicPartition(
            topic: rd_kafka_topic_name(message.pointee.rkt).map { String(cString: $0) } ?? "",
            partition: message.pointee.partition
        )
    }

    func clientFailed(_ error: KafkaError) {
        logger.warning("Kafka producer error", metadata: error.logMetadata)
    }

    func statisticsArrived(_ statistics: KafkaStatistics) { onStatistics?(statistics) }
}
