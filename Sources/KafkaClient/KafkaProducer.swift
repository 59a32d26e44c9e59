import CRDKafka
public import Logging

/// An idempotent producer without transactions: each record once, in order, unless its delivery fails.
///
/// An actor on a thread of its own, as ``KafkaTransactionalProducer`` is.
public actor KafkaProducer {
    private let executor: ThreadExecutor
    private let core: ProducerCore

    /// The actor's thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// How keys are spread over partitions.
    public enum Partitioner: String, Sendable, Hashable {
        /// As the Java client does; records without a key anywhere.
        case murmur2 = "murmur2_random"
        /// As librdkafka does by default; records without a key anywhere.
        case crc32 = "consistent_random"
    }

    /// Connects to nothing yet.
    /// - Parameter onDelivery: told of every record that has arrived; called on the producer's thread, during its calls.
    /// - Throws: ``KafkaError`` with fault ``KafkaFault/configuration`` that names the property.
    public init(
        configuration: KafkaConfiguration,
        partitioner: Partitioner = .murmur2,
        logger: Logger,
        onDelivery: (@Sendable (KafkaDelivery) -> Void)? = nil,
        onStatistics: (@Sendable (KafkaStatistics) -> Void)? = nil
    ) throws(KafkaError) {
        try NativeConfiguration.refuseReserved(configuration.properties)
        let messageTimeout = configuration.properties["message.timeout.ms"].flatMap { Int64($0) } ?? 30_000
        var properties = configuration.base(adding: [
            "acks": "all",
            "message.timeout.ms": String(messageTimeout),
            "partitioner": partitioner.rawValue,
        ])
        properties["enable.idempotence"] = "true"
        core = try ProducerCore(
            properties: properties,
            queueTimeout: .milliseconds(messageTimeout),
            logger: logger,
            onDelivery: onDelivery,
            onStatistics: onStatistics
        )
        executor = ThreadExecutor(name: "kafka-producer")
    }

    deinit { executor.stop() }

    /// Runs the closure on the producer's thread in one hop, with calls into the producer that need no `await`.
    public func run<R: Sendable, E>(
        _ body: @Sendable (isolated KafkaProducer) throws(E) -> R
    ) throws(E) -> R {
        try body(self)
    }

    /// Asks for the metadata of topics, so that a wrong name or address shows early.
    public func prepare(topics: [String], timeout: Duration = .seconds(10)) throws(KafkaError) {
        try core.prepare(topics, timeout: timeout)
    }

    /// Hands a record over. It is copied and sent in the background; ``flush(timeout:)`` tells what became of it.
    /// - Throws: ``KafkaFault/rejected`` for a record that can never be delivered, such as one that is too large.
    public func produce(_ record: KafkaProducerRecord) throws(KafkaError) {
        try core.produce(record)
        core.poll()
    }

    /// Hands over a record whose bytes are elsewhere, such as in a ``KafkaRecord``. They are copied.
    public func produce(
        topic: String,
        partition: Int32? = nil,
        key: UnsafeRawBufferPointer?,
        value: UnsafeRawBufferPointer?,
        headers: [KafkaHeader] = [],
        timestamp: Int64? = nil,
        tag: UInt = 0
    ) throws(KafkaError) {
        try core.produce(
            RecordParts(
                topic: topic,
                partition: partition,
                key: key,
                value: value,
                headers: headers,
                timestamp: timestamp,
                tag: tag
            )
        )
        core.poll()
    }

    /// Waits until all records that were handed over are delivered or have failed.
    /// - Returns: those that failed since the last flush.
    /// - Throws: ``KafkaFault/retry`` when the time ran out; ``KafkaFault/fatal`` or ``KafkaFault/fenced`` when the
    ///   producer has ended.
    public func flush(timeout: Duration = .seconds(60)) throws(KafkaError) -> [KafkaDeliveryFailure] {
        let code = rd_kafka_flush(try core.client("flush"), timeout.milliseconds)
        if let fatal = core.handle?.fatalError {
            var error = fatal
            error.operation = "flush"
            error.deliveryFailures = core.takeFailures()
            throw error
        }
        try KafkaError.check(code, "flush")
        return core.takeFailures()
    }

    /// Ends the producer. What has not been delivered is lost: flush first.
    public func close() {
        core.close()
    }
}
