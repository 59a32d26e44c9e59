import EmbeddedKafka
import Foundation
import KafkaClient
import Synchronization
import Testing
import TestSupport

/// The code of the articles runs on the embedded broker, and the table of faults is complete. That the code is in the articles
/// is checked with the package's structure.
@Suite struct ArticleTests {
    private let orders = KafkaTopicPartition(topic: "orders", partition: 0)

    @Test func errorArticleListsEveryFault() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let path = root.appending(path: "Sources/KafkaClient/KafkaClient.docc/HandlingErrors.md")
        let article = try String(contentsOf: path, encoding: .utf8)
        for fault in KafkaFault.allCases {
            #expect(article.contains("| ``KafkaFault/\(fault.rawValue)`` |"), "\(fault) has no row")
        }
    }

    // MARK: - Run

    @Test func gettingStartedCodeProducesConsumesAndReads() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("orders", partitions: 1)
            let configuration = try GettingStarted.configuration(kafka.bootstrapServers)
            let sent = [
                GettingStarted.Order(id: "a", total: "12.50"), GettingStarted.Order(id: "b", total: "7"),
            ]
            try await GettingStarted.produce(sent, configuration, quiet) { Issue.record("\($0)") }
            #expect(try await GettingStarted.read(configuration, quiet) == 2)

            let printed = Mutex<[String]>([])
            let consumer = try await GettingStarted.consume(configuration, quiet) { line in
                printed.withLock { $0.append(line) }
            }
            try await eventually("the records") { printed.withLock { $0.count } == 2 }
            #expect(printed.withLock { $0 } == ["orders[0]@0: 12.50", "orders[0]@1: 7"])
            try await GettingStarted.commit(consumer, upTo: 2)
        }
    }

    @Test func transactionCodeReturnsItsOutcomes() async throws {
        try await withEmbeddedKafka { kafka in
            for topic in ["orders", "totals"] { try kafka.createTopic(topic, partitions: 1) }
            let handler = RecordingHandler()
            let consumer = try KafkaConsumer(
                configuration: kafka.configuration(["session.timeout.ms": "6000"]),
                groupID: "order-totals",
                handler: handler,
                logger: quiet
            )
            try await consumer.subscribe(["orders"])
            try await eventually("the assignment") { handler.seen.metadata != nil }
            var step = TransactionsAndFencing.Step(
                records: [KafkaProducerRecord(topic: "totals", value: Array("19.50".utf8), tag: 7)],
                positions: [KafkaTopicPartitionOffset(orders, offset: 2)],
                metadata: try #require(handler.seen.metadata)
            )
            let producer = try await TransactionsAndFencing.prepare(kafka.configuration(), quiet)
            #expect(try await TransactionsAndFencing.outcome(of: step, producer) == .stored)

            try kafka.pushErrors(.transactionOffsetCommit, [.illegalGeneration])
            #expect(try await TransactionsAndFencing.outcome(of: step, producer) == .repeatAfterRebalance)

            step.records[0].value = [UInt8](repeating: 0, count: 2_000_000)
            #expect(try await TransactionsAndFencing.outcome(of: step, producer) == .refused(records: [7]))

            step.records[0].value = nil
            try kafka.pushErrors(.endTransaction, [.producerFenced])
            #expect(try await TransactionsAndFencing.outcome(of: step, producer) == .unknown)
            await consumer.close()
        }
    }

    private func totals(
        _ kafka: EmbeddedKafka,
        _ handler: Rebalances.Totals
    ) async throws -> KafkaConsumer {
        let consumer = try KafkaConsumer(
            configuration: kafka.configuration(["session.timeout.ms": "6000"]),
            groupID: "order-totals",
            handler: handler,
            logger: quiet
        )
        try await consumer.subscribe(["orders"])
        return consumer
    }

    @Test func rebalanceCodeCompletesRequestsAndCommitsPositions() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("orders", partitions: 1)
            try await produce((0..<10).map { "\($0)" }, to: orders, kafka.configuration())
            let (requests, continuation) = AsyncStream<KafkaRebalanceRequest>.makeStream()
            let received = Mutex<[Int64]>([])
            let handler = Rebalances.Totals(requests: continuation) { batch in
                received.withLock { $0 += batch.map(\.offset) }
            }
            let state = Rebalances.State([orders: 4])
            let consumer = try await totals(kafka, handler)
            async let completed: Void = Rebalances.complete(requests, consumer, state)
            try await eventually("the records") { received.withLock { $0.count } >= 6 }
            #expect(received.withLock { $0 } == Array(4..<10))
            await consumer.close()
            continuation.finish()
            await completed
            #expect(await state.finished == [orders])

            let admin = try KafkaAdmin(configuration: kafka.configuration(), logger: quiet)
            #expect(try await admin.committedOffsets(group: "order-totals", partitions: [orders]) == [orders: 4])
            await admin.close()
        }
    }

    @Test func rebalanceCodeBeginsPartitionsAfterTheirRestore() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("orders", partitions: 1)
            try await produce((0..<10).map { "\($0)" }, to: orders, kafka.configuration())
            let (requests, continuation) = AsyncStream<KafkaRebalanceRequest>.makeStream()
            let received = Mutex<[Int64]>([])
            let handler = Rebalances.Totals(requests: continuation) { batch in
                received.withLock { $0 += batch.map(\.offset) }
            }
            let state = Rebalances.State([orders: 4])
            let consumer = try await totals(kafka, handler)
            for await request in requests {
                try await Rebalances.begin(request, consumer, state)
                if request.partitions == [orders] { break }
            }
            try await eventually("the records") { received.withLock { $0.count } >= 6 }
            #expect(received.withLock { $0 } == Array(4..<10))
            async let completed: Void = Rebalances.complete(requests, consumer, state)
            await consumer.close()
            continuation.finish()
            await completed
        }
    }

    @Test func errorCodeHandlesFaultsAndCodes() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("orders", partitions: 3)
            let admin = try KafkaAdmin(configuration: kafka.configuration(), logger: quiet)
            #expect(try await HandlingErrors.partitions(of: "orders", admin) == 3)
            await admin.close()
            let closed = await #expect(throws: KafkaError.self) {
                try await HandlingErrors.partitions(of: "orders", admin)
            }
            #expect(closed?.fault == .closed)

            let producer = try KafkaProducer(
                configuration: kafka.configuration(["message.max.bytes": "2000"]),
                logger: quiet
            )
            let records = [
                KafkaProducerRecord(topic: "orders", value: [1], tag: 1),
                KafkaProducerRecord(topic: "orders", value: [UInt8](repeating: 1, count: 5_000), tag: 2),
            ]
            #expect(try await HandlingErrors.produce(records, producer) == [2])
            #expect(try await producer.flush().isEmpty)
            await producer.close()
        }
    }
}
