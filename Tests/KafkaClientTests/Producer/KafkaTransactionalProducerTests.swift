import EmbeddedKafka
import Foundation
import KafkaClient
import Testing
import TestSupport

/// What the embedded broker can show of transactions: the calls and the faults. That aborted records stay hidden and
/// that generations fence is for a real broker.
@Suite struct KafkaTransactionalProducerTests {
    private let results = KafkaTopicPartition(topic: "results", partition: 0)

    private func record(_ value: String, tag: UInt = 0) -> KafkaProducerRecord {
        KafkaProducerRecord(topic: "results", partition: 0, value: Array(value.utf8), tag: tag)
    }

    private func withProducer(
        _ properties: [String: String] = [:],
        _ body: (EmbeddedKafka, KafkaTransactionalProducer) async throws -> Void
    ) async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("results", partitions: 1)
            let producer = try KafkaTransactionalProducer(
                configuration: kafka.configuration(properties),
                transactionalID: "worker-1",
                topics: ["results"],
                logger: quiet
            )
            try await producer.initTransactions()
            do {
                try await body(kafka, producer)
            } catch {
                await producer.close()
                throw error
            }
            await producer.close()
        }
    }

    @Test func transactionRunsInOneActorCall() async throws {
        try await withProducer { kafka, producer in
            for round in 0..<5 {
                try await producer.run { producer throws(KafkaError) in
                    try producer.begin()
                    for index in 0..<10 { try producer.produce(record("\(round)-\(index)")) }
                    try producer.commit()
                }
            }
            let expected = (0..<5).flatMap { round in (0..<10).map { "\(round)-\($0)" } }
            #expect(try await values(of: results, kafka.configuration()) == expected)
        }
    }

    /// librdkafka asks for the group's coordinator once, waits for a change of its connections, and there is none.
    @Test(.timeLimit(.minutes(10))) func callThatLibrdkafkaDoesNotReturnFromEndsTheProducer() async throws {
        try await withProducer { kafka, producer in
            let handler = RecordingHandler()
            let configuration = kafka.configuration()
            let consumer = try KafkaConsumer(
                configuration: configuration,
                groupID: "workers",
                handler: handler,
                logger: quiet
            )
            try await consumer.subscribe(["results"])
            try await eventually("the assignment") { handler.seen.held == [results] }
            let metadata = try #require(handler.seen.metadata)
            try await producer.begin()
            try await producer.produce(record("dropped"))
            try kafka.pushErrors(.findCoordinator, Array(repeating: .notCoordinator, count: 100))
            let stuck = await #expect(throws: KafkaError.self) {
                let offset = KafkaTopicPartitionOffset(results, offset: 1)
                try await producer.sendOffsets([offset], groupMetadata: metadata, timeout: .milliseconds(500))
            }
            #expect(stuck?.code == .timedOut)
            #expect(stuck?.fault == .fatal)
            // Its calls return, and so does its end.
            _ = await producer.settle(timeout: .milliseconds(100))
            await producer.close()
            try kafka.clearErrors(.findCoordinator)
            await consumer.close()
        }
    }

    @Test func producerContinuesAfterAnAbort() async throws {
        try await withProducer { kafka, producer in
            try await producer.begin()
            try await producer.produce(record("dropped"))
            try await producer.abort()
            try await producer.begin()
            try await producer.produce(record("kept"))
            try await producer.commit()
            #expect(try await values(of: results, kafka.configuration()).last == "kept")
        }
    }

    @Test func offsetsAreSentWithTheGroupsMetadata() async throws {
        try await withProducer { kafka, producer in
            try kafka.createTopic("jobs", partitions: 1)
            let handler = RecordingHandler()
            let consumer = try KafkaConsumer(
                configuration: kafka.configuration(["session.timeout.ms": "6000"]),
                groupID: "workers",
                handler: handler,
                logger: quiet
            )
            try await consumer.subscribe(["jobs"])
            try await eventually("the assignment") { handler.seen.metadata != nil }
            let metadata = try #require(handler.seen.metadata)
            let offsets = [KafkaTopicPartitionOffset(topic: "jobs", partition: 0, offset: 5)]

            try await producer.begin()
            try await producer.produce(record("with offsets"))
            try await producer.sendOffsets(offsets, groupMetadata: metadata)
            try await producer.commit()

            // The group has a newer generation: abort and wait for the next rebalance; the producer remains usable.
            for stale in [EmbeddedKafka.InjectedError.illegalGeneration, .unknownMemberID] {
                try await producer.begin()
                try kafka.pushErrors(.transactionOffsetCommit, [stale])
                let error = await #expect(throws: KafkaError.self) {
                    try await producer.sendOffsets(offsets, groupMetadata: metadata)
                }
                #expect(error?.fault == .staleGeneration)
                #expect(error?.code.rawValue == stale.rawValue)
                try await producer.abort()
            }

            // A coordinator on the move is waited for.
            try await producer.begin()
            try kafka.pushErrors(.transactionOffsetCommit, [.coordinatorLoadInProgress, .notCoordinator])
            try await producer.sendOffsets(offsets, groupMetadata: metadata)
            try await producer.commit()
            await consumer.close()
        }
    }

    @Test func commitIsRetriedAfterATransientError() async throws {
        try await withProducer { kafka, producer in
            let faults: [[EmbeddedKafka.InjectedError]] = [
                [.coordinatorNotAvailable], [.coordinatorLoadInProgress, .notCoordinator],
                [.disconnect, .concurrentTransactions],
            ]
            for (index, errors) in faults.enumerated() {
                try await producer.begin()
                try await producer.produce(record("\(index)"))
                try kafka.pushErrors(.endTransaction, errors)
                try await producer.commit()
            }
            #expect(try await values(of: results, kafka.configuration()) == ["0", "1", "2"])
        }
    }

    @Test func unresolvedCommitIsFatal() async throws {
        try await withProducer { kafka, producer in
            try await producer.begin()
            try await producer.produce(record("unknown"))
            let settled = await producer.settle(timeout: .seconds(300))
            #expect(settled.failures.isEmpty && settled.isComplete)
            try kafka.takeDown()
            let error = await #expect(throws: KafkaError.self) {
                try await producer.commit(timeout: .milliseconds(300))
            }
            #expect(error?.fault == .fatal)
            #expect(error?.code == .timedOut)
            try kafka.bringUp()
        }
    }

    @Test func failedTransactionNamesItsRecord() async throws {
        try await withProducer { kafka, producer in
            try await producer.begin()
            try kafka.pushErrors(.produce, [.messageTooLarge])
            try await producer.produce(record("too large", tag: 4711))
            let error = await #expect(throws: KafkaError.self) { try await producer.commit() }
            #expect(error?.fault == .abortTransaction)
            #expect(error?.deliveryFailures.map(\.tag) == [4711])
            #expect(error?.deliveryFailures.first?.error.code == .messageTooLarge)
            #expect(error?.deliveryFailures.first?.topicPartition == results)
            try await producer.abort()

            // The broker has not seen the lost record's sequence number, so one more transaction may fail before the
            // producer has a new epoch.
            var attempts = 0
            try await eventually("a transaction that succeeds") {
                attempts += 1
                do throws(KafkaError) {
                    try await producer.begin()
                    try await producer.produce(record("small"))
                    try await producer.commit()
                    return true
                } catch {
                    #expect(error.fault == .abortTransaction)
                    try await producer.abort()
                    return false
                }
            }
            #expect(attempts <= 2)
        }
    }

    @Test func transactionContinuesWithoutARecordThatIsTooLarge() async throws {
        try await withProducer { kafka, producer in
            try await producer.begin()
            let error = await #expect(throws: KafkaError.self) {
                try await producer.produce(
                    KafkaProducerRecord(
                        topic: "results",
                        partition: 0,
                        value: [UInt8](repeating: 0, count: 2_000_000),
                        tag: 17
                    )
                )
            }
            #expect(error?.fault == .rejected && error?.code == .messageTooLarge)
            #expect(error?.deliveryFailures.map(\.tag) == [17], "no delivery report follows")
            try await producer.produce(record("small"))
            try await producer.commit()
            #expect(try await values(of: results, kafka.configuration()) == ["small"])
        }
    }

    @Test func settleNamesTheRefusedRecordOfAnAbortedTransaction() async throws {
        try await withProducer { kafka, producer in
            try kafka.pushErrors(.produce, [.messageTooLarge])
            try await producer.begin()
            try await producer.produce(record("too large", tag: 4711))
            let settled = await producer.settle(timeout: .seconds(300))
            #expect(settled.failures.map(\.tag) == [4711])
            #expect(settled.failures.allSatisfy { $0.error.code.refusesRecords })
            #expect(settled.isComplete)
            #expect(try await producer.abort().isEmpty)
        }
    }

    @Test func fencedProducerReportsTheFence() async throws {
        try await withProducer { kafka, producer in
            try await producer.begin()
            try await producer.produce(record("zombie"))
            try kafka.pushErrors(.endTransaction, [.producerFenced])
            let error = await #expect(throws: KafkaError.self) { try await producer.commit() }
            #expect(error?.fault == .fenced)
            let later = await #expect(throws: KafkaError.self) { try await producer.begin() }
            #expect(later?.fault == .fenced)
        }
    }

    @Test func producerContinuesAfterABrokerRestart() async throws {
        try await withProducer { kafka, producer in
            try kafka.takeDown()
            try await producer.begin()
            try await producer.produce(record("patient"))
            let commit = Task { try await producer.commit() }
            try kafka.bringUp()
            try await commit.value
            #expect(try await values(of: results, kafka.configuration()) == ["patient"])
        }
    }

    @Test func callsAfterCloseAreRejected() async throws {
        try await withProducer { _, producer in
            await producer.close()
            await producer.close()
            let error = await #expect(throws: KafkaError.self) { try await producer.begin() }
            #expect(error?.fault == .closed)
        }
    }

    @Test func opensAndClosesInLoops() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("results", partitions: 1)
            for round in 0..<10 {
                let producer = try KafkaTransactionalProducer(
                    configuration: kafka.configuration(),
                    transactionalID: "worker",
                    topics: ["results"],
                    logger: quiet
                )
                try await producer.initTransactions()
                try await producer.begin()
                try await producer.produce(record("\(round)"))
                try await producer.commit()
                await producer.close()
            }
            #expect(try await values(of: results, kafka.configuration()).count == 10)
        }
    }
}
