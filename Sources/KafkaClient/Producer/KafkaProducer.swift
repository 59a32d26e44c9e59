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

    /// Connects to nothing yet.
    /// - Parameters:
    ///   - configuration: where the cluster is.
    ///   - logger: receives librdkafka's messages and the client's errors.
    /// - Throws: ``KafkaError`` with fault ``KafkaFault/configuration`` that names the property.
    public init(
        configuration: KafkaConfiguration,
        logger: Logger
    ) throws(KafkaError) {
        try NativeConfiguration.refuseReserved(configuration.properties)
        let messageTimeout = configuration.properties["message.timeout.ms"].flatMap { Int64($0) } ?? 30_000
        var properties = configuration.base(adding: [
            "acks": "all",
            "message.timeout.ms": String(messageTimeout),
            // As the Java client does; records without a key go anywhere.
            "partitioner": "murmur2_random",
        ])
        properties["enable.idempotence"] = "true"
        core = try ProducerCore(
            properties: properties,
            credentials: configuration.credentials,
            queueTimeout: .milliseconds(messageTimeout),
            logger: logger
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

    /// Reads the metadata of topics, so that a wrong name or address shows early.
    public func prepare(topics: [String], timeout: Duration = .seconds(10)) throws(KafkaError) {
        try core.prepare(topics, timeout: timeout)
    }

    /// Produces a record. It is copied and sent in the background; ``flush(timeout:)`` returns those that failed.
    /// - Throws: ``KafkaFault/rejected`` for a record that can never be delivered, such as one that is too large.
    public func produce(_ record: KafkaProducerRecord) throws(KafkaError) {
        try core.produce(record)
        core.poll()
    }

    /// Waits until all records are delivered or have failed.
    /// - Returns: those that failed since the last flush.
    /// - Throws: ``KafkaFault/retry`` when the time ran out; ``KafkaFault/fatal`` or ``KafkaFault/fenced`` when the
    ///   producer has ended.
    public func flush(timeout: Duration = .seconds(60)) throws(KafkaError) -> [KafkaDeliveryFailure] {
        let client = try core.client("flush")
        let clock = ContinuousClock()
        let deadline = clock.now + timeout
        var code = RD_KAFKA_RESP_ERR__TIMED_OUT
        // In slices, because a producer that has ended keeps what it will never send.
        while code == RD_KAFKA_RESP_ERR__TIMED_OUT, core.handle?.fatalError == nil {
            let rest = deadline - clock.now
            code = rd_kafka_flush(client, max(.zero, min(rest, .milliseconds(200))).milliseconds)
            if rest <= .zero { break }
        }
        if let fatal = core.handle?.fatalError {
            var error = fatal
            error.operation = "flush"
            // The report of the record that was the reason may be on its way.
            error.deliveryFailures = core.settle(timeout: .seconds(1)).failures
            throw error
        }
        try KafkaError.check(code, "flush")
        return core.takeFailures()
    }

    /// Ends the producer. What has not been delivered is lost: flush first. Waits ten seconds at the most.
    public func close() async {
        await core.release()?.close(within: .seconds(10))
    }
}
