import Foundation
import KafkaClient
import Synchronization
import Testing
import TestSupport

/// What only a real broker does with transactions.
@Suite(.enabled(if: RealBroker.isThere, "KAFKA_BOOTSTRAP_SERVERS names no broker")) struct RealBrokerTransactionTests {
    private func record(_ topic: String, _ value: String) -> KafkaProducerRecord {
        KafkaProducerRecord(topic: topic, partition: 0, value: Array(value.utf8))
    }

    @Test func abortedRecordsAreHiddenAndTheirMarkersSkipped() async throws {
        try await TemporaryTopics.with { topics in
            let topic = try await topics.create("results", partitions: 1)
            let partition = KafkaTopicPartition(topic: topic, partition: 0)
            let producer = try await topics.producer("p", [topic])
            for (value, commits) in [("one", true), ("dropped", false), ("two", true), ("dropped too", false)] {
                try await producer.begin()
                try await producer.produce(record(topic, value))
                #expect(await producer.settle(timeout: .seconds(300)).isComplete)
                if commits { try await producer.commit() } else { try await producer.abort() }
            }
            // The broker writes the markers after it has answered.
            try await eventually("the last marker") { try await topics.admin.watermarks(partition).high == 8 }
            // The tail holds an aborted record and its marker only: the end is reached all the same.
            #expect(try await values(of: partition, RealBroker.configuration) == ["one", "two"])

            // An open transaction limits readers, and not the true end.
            try await producer.begin()
            try await producer.produce(record(topic, "open"))
            #expect(await producer.settle(timeout: .seconds(300)).isComplete)
            #expect(try await topics.admin.watermarks(partition).high == 9)
            let reader = try KafkaPartitionReader(configuration: RealBroker.configuration, logger: quiet)
            let error = await #expect(throws: KafkaError.self) {
                try await reader.read(partition, to: 9, stallTimeout: .milliseconds(500)) { _ in }
            }
            #expect(error?.fault == .retry)
            async let position = reader.read(partition, to: 9) { _ in }
            try await producer.commit()
            #expect(try await position >= 9)
            await reader.close()
            await producer.close()
        }
    }

    @Test func newerProducerFencesAnOlderOne() async throws {
        try await TemporaryTopics.with { topics in
            let topic = try await topics.create("results", partitions: 1)
            let older = try await topics.producer("same", [topic])
            try await older.begin()
            try await older.produce(record(topic, "zombie"))
            #expect(await older.settle(timeout: .seconds(300)).isComplete)
            let newer = try await topics.producer("same", [topic])
            let error = await #expect(throws: KafkaError.self) { try await older.commit() }
            #expect(error?.fault == .fenced)
            try await newer.begin()
            try await newer.produce(record(topic, "successor"))
            try await newer.commit()
            let partition = KafkaTopicPartition(topic: topic, partition: 0)
            #expect(try await values(of: partition, RealBroker.configuration) == ["successor"])
            await older.close()
            await newer.close()
        }
    }

    @Test func transactionAbortsUnderAnOldGenerationAndCommitsUnderTheNew() async throws {
        try await TemporaryTopics.with { topics in
            let jobs = try await topics.create("jobs", partitions: 2)
            let results = try await topics.create("results", partitions: 1)
            let first = RecordingHandler()
            let firstConsumer = try await topics.consumer(first, jobs)
            try await eventually("the first assignment") { first.seen.held.count == 2 }
            let old = try #require(first.seen.metadata)
            let second = RecordingHandler()
            let secondConsumer = try await topics.consumer(second, jobs)
            try await eventually("both have one") { first.seen.held.count == 1 && second.seen.held.count == 1 }
            try await eventually("the newest generation at the first") {
                first.seen.metadata?.generation == second.seen.metadata?.generation
            }

            let mine = try #require(first.seen.held.first)
            let producer = try await topics.producer("p", [results])
            try await producer.begin()
            try await producer.produce(record(results, "stale"))
            let error = await #expect(throws: KafkaError.self) {
                try await producer.sendOffsets([KafkaTopicPartitionOffset(mine, offset: 3)], groupMetadata: old)
            }
            #expect(error?.fault == .staleGeneration)
            #expect(error?.code == .illegalGeneration)
            try await producer.abort()

            let current = try #require(first.seen.metadata)
            try await producer.begin()
            try await producer.produce(record(results, "current"))
            try await producer.sendOffsets([KafkaTopicPartitionOffset(mine, offset: 3)], groupMetadata: current)
            try await producer.commit()
            #expect(try await firstConsumer.committed([mine])[mine] == 3)
            let partition = KafkaTopicPartition(topic: results, partition: 0)
            #expect(try await values(of: partition, RealBroker.configuration) == ["current"])
            await producer.close()
            await secondConsumer.close()
            await firstConsumer.close()
        }
    }

    @Test func committedOffsetsWaitForAPendingTransaction() async throws {
        try await TemporaryTopics.with { topics in
            let jobs = try await topics.create("jobs", partitions: 1)
            let partition = KafkaTopicPartition(topic: jobs, partition: 0)
            let handler = RecordingHandler()
            let consumer = try await topics.consumer(handler, jobs)
            try await eventually("the assignment") { handler.seen.held == [partition] }
            let metadata = try #require(handler.seen.metadata)
            let producer = try await topics.producer("p")
            try await producer.begin()
            try await producer.sendOffsets([KafkaTopicPartitionOffset(partition, offset: 8)], groupMetadata: metadata)
            let error = await #expect(throws: KafkaError.self) {
                _ = try await consumer.committed([partition], timeout: .milliseconds(700))
            }
            #expect(error?.fault == .retry)
            async let committed = consumer.committed([partition])
            try await producer.commit()
            #expect(try await committed[partition] == 8)
            await producer.close()
            await consumer.close()
        }
    }

    @Test func recordThatTheTopicRefusesIsNamed() async throws {
        try await TemporaryTopics.with { topics in
            let topic = try await topics.create("small", partitions: 1, ["max.message.bytes": "1000"])
            let producer = try await topics.producer("p", [topic])
            try await producer.begin()
            try await producer.produce(
                KafkaProducerRecord(topic: topic, partition: 0, value: [UInt8](repeating: 1, count: 5000), tag: 42)
            )
            let error = await #expect(throws: KafkaError.self) { try await producer.commit() }
            #expect(error?.fault == .abortTransaction)
            #expect(error?.deliveryFailures.map(\.tag) == [42])
            #expect(error?.deliveryFailures.first?.error.code == .messageTooLarge)
            try await producer.abort()
            var attempts = 0
            try await eventually("a transaction that succeeds") {
                attempts += 1
                do throws(KafkaError) {
                    try await producer.begin()
                    try await producer.produce(record(topic, "small"))
                    try await producer.commit()
                    return true
                } catch {
                    #expect(error.fault == .abortTransaction)
                    try await producer.abort()
                    return false
                }
            }
            #expect(attempts <= 2)
            await producer.close()
        }
    }
}
