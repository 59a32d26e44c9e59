import CRDKafka
import Foundation
public import Logging

/// A producer whose records and consumed offsets become visible together, or not at all.
///
/// An actor on a thread of its own: all its calls may block there, and nowhere else. To produce many records without
/// a hop for each, use ``run(_:)``.
///
/// The order of calls: ``initTransactions(timeout:)`` once; then ``begin()``, ``produce(_:)``…,
/// ``sendOffsets(_:groupMetadata:timeout:)``, and ``commit(timeout:)`` or ``abort(timeout:)``; ``close()`` at the end.
public actor KafkaTransactionalProducer {
    private let executor: ThreadExecutor
    private let core: ProducerCore
    private let topics: [String]

    /// The actor's thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Connects to nothing yet.
    /// - Parameters:
    ///   - configuration: where the cluster is.
    ///   - transactionalID: names the instance; a newer producer with the same one fences this one.
    ///   - transactionTimeout: after which the broker aborts a transaction that was begun and not ended. A crashed
    ///     worker's open transaction holds up readers for that long.
    ///   - topics: the topics that will be produced to; their metadata is read in advance.
    ///   - logger: receives librdkafka's messages and the client's errors.
    /// - Throws: ``KafkaError`` with fault ``KafkaFault/configuration`` that names the property.
    public init(
        configuration: KafkaConfiguration,
        transactionalID: String,
        transactionTimeout: Duration = .seconds(10),
        topics: [String] = [],
        logger: Logger
    ) throws(KafkaError) {
        try NativeConfiguration.refuseReserved(configuration.properties)
        let timeout = String(transactionTimeout.milliseconds)
        var properties = configuration.base(adding: [
            "acks": "all",
            "linger.ms": "0",  // a transaction's records are gathered already
            "retry.backoff.ms": "5",  // commits wait for this between their steps: 100 ms would allow ten a second
            "transaction.timeout.ms": timeout,
            "message.timeout.ms": configuration.properties["transaction.timeout.ms"] ?? timeout,
        ])
        properties["enable.idempotence"] = "true"
        properties["transactional.id"] = transactionalID
        self.topics = topics
        core = try ProducerCore(
            properties: properties,
            credentials: configuration.credentials,
            queueTimeout: transactionTimeout,
            logger: logger
        )
        executor = ThreadExecutor(name: "kafka-transactions")
    }

    deinit { executor.stop() }

    /// Runs the closure on the producer's thread in one hop, with calls into the producer that need no `await`.
    public func run<R: Sendable, E>(
        _ body: @Sendable (isolated KafkaTransactionalProducer) throws(E) -> R
    ) throws(E) -> R {
        try body(self)
    }

    /// Registers the transactional id, fences any older producer that has it and waits for its transaction to end.
    /// Also fetches the topics' metadata.
    /// - Throws: ``KafkaFault/retry`` when it took too long and may be called again. The code says why: what was wrong
    ///   with the connection, where that is known, and the coordinator's answer otherwise.
    public func initTransactions(timeout: Duration = .seconds(30)) throws(KafkaError) {
        do {
            try retrying("initialize transactions", timeout) { rd_kafka_init_transactions($0, $1) }
        } catch {
            guard error.code == .timedOut, var cause = core.takeClientError() else { throw error }
            cause.operation = error.operation
            cause.fault = .retry
            throw cause
        }
        try core.prepare(topics, timeout: timeout)
    }

    /// Reads the metadata of topics; the first transaction on an unknown one takes a second otherwise.
    public func prepare(topics: [String], timeout: Duration = .seconds(10)) throws(KafkaError) {
        try core.prepare(topics, timeout: timeout)
    }

    /// Begins a transaction. Local: it sends no request.
    public func begin() throws(KafkaError) {
        _ = core.takeFailures()
        if let error = rd_kafka_begin_transaction(try core.client("begin transaction")) {
            throw failure(error, "begin transaction")
        }
    }

    /// Adds a record to the transaction. It is copied and sent in the background; whether it arrived is known when
    /// ``commit(timeout:)`` returns.
    /// - Throws: ``KafkaFault/rejected`` for a record that can never be delivered, such as one that is too large; the
    ///   transaction continues without it.
    public func produce(_ record: KafkaProducerRecord) throws(KafkaError) {
        try core.produce(record)
    }

    /// Adds consumed positions to the transaction, each one above the last record that was read. This is the fence
    /// against a member whose partitions have moved to another one: do it in every transaction, also when no position
    /// moved.
    /// - Throws: ``KafkaFault/staleGeneration`` when the group has moved on since the metadata was taken;
    ///   ``KafkaFault/fatal`` when librdkafka does not return, after which the producer is of no more use.
    public func sendOffsets(
        _ offsets: [KafkaTopicPartitionOffset],
        groupMetadata: KafkaGroupMetadata,
        timeout: Duration = .seconds(10)
    ) throws(KafkaError) {
        let operation = "send offsets to transaction"
        try retrying(operation, timeout) { (client, remaining) throws(KafkaError) in
            nonisolated(unsafe) let client = client
            // The call may begin and end after this method: it owns what it reads.
            return try core.returning(operation, within: .milliseconds(remaining) + .seconds(5)) {
                let list = TopicPartitionList(offsets)
                return withExtendedLifetime(groupMetadata) {
                    rd_kafka_send_offsets_to_transaction(client, list.pointer, groupMetadata.pointer, remaining)
                }
            }
        }
    }

    /// Delivers what is still in flight and commits. Transient faults are retried until the time-out.
    /// - Throws: ``KafkaError`` whose fault says whether to abort or to close the producer; its `deliveryFailures` name
    ///   the records that were the reason. ``KafkaFault/fatal`` when the time ran out: the transaction may or may not
    ///   have been committed, and librdkafka allows no abort any more.
    public func commit(timeout: Duration = .seconds(30)) throws(KafkaError) {
        do {
            try retrying("commit transaction", timeout) { rd_kafka_commit_transaction($0, $1) }
        } catch {
            guard error.fault == .retry else { throw error }
            var unresolved = error
            unresolved.fault = .fatal
            throw unresolved
        }
    }

    /// Aborts the transaction; its records never become visible to readers of committed records. Transient faults are
    /// retried until the time-out.
    /// - Returns: the records that could not be delivered, as far as no error has named them: reports may arrive after
    ///   the call that failed because of them.
    @discardableResult
    public func abort(timeout: Duration = .seconds(10)) throws(KafkaError) -> [KafkaDeliveryFailure] {
        try retrying("abort transaction", timeout) { rd_kafka_abort_transaction($0, $1) }
        return core.takeFailures()
    }

    /// Waits until all records are delivered or have failed, or until one has failed and no other report follows.
    /// - Returns: those that failed, and whether all others are delivered.
    public func settle(timeout: Duration) -> (failures: [KafkaDeliveryFailure], isComplete: Bool) {
        core.settle(timeout: timeout)
    }

    /// Ends the producer. A transaction that is open stays so until its time-out or until a producer with the same
    /// transactional id starts; abort it first. Waits ten seconds at the most.
    public func close() async {
        await core.release()?.close(within: .seconds(10))
    }

    /// Calls until it succeeds, fails with a permanent error, or the time is up.
    private func retrying(
        _ operation: String,
        _ timeout: Duration,
        _ call: (OpaquePointer, Int32) throws(KafkaError) -> OpaquePointer?
    ) throws(KafkaError) {
        let client = try core.client(operation)
        let clock = ContinuousClock()
        let deadline = clock.now + timeout
        while true {
            let remaining = max(deadline - clock.now, .milliseconds(1))
            let error = try call(client, max(remaining.milliseconds, 1))
            core.poll()
            guard let error else { return }
            let failure = failure(error, operation)
            guard failure.fault == .retry, clock.now < deadline else { throw failure }
            // Blocks this actor's own thread only. Keeps a broker that refuses at once from being hammered.
            Thread.sleep(forTimeInterval: 0.02)
        }
    }

    private func failure(_ native: OpaquePointer, _ operation: String) -> KafkaError {
        var error = KafkaError(consuming: native, operation: operation)
        if error.fault != .retry { error.deliveryFailures = core.takeFailures() }
        return error
    }
}
