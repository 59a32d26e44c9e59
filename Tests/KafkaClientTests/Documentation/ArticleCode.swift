// The code of the articles, compiled and run. `ArticleCodeTests` checks that every code block of the articles is in this
// file, line by line.

import KafkaClient
import Logging

/// Getting started.
enum GettingStarted {
    struct Order: Sendable {
        var id: String
        var total: String
    }

    static func configuration(_ servers: String) throws -> KafkaConfiguration {
        let configuration = KafkaConfiguration(
            bootstrapServers: servers,
            properties: ["client.id": "order-totals"]
        )
        try configuration.validate()
        return configuration
    }

    static func produce(
        _ orders: [Order],
        _ configuration: KafkaConfiguration,
        _ logger: Logger,
        print: (String) -> Void
    ) async throws {
        let producer = try KafkaProducer(configuration: configuration, logger: logger)
        try await producer.run { producer throws(KafkaError) in
            for (index, order) in orders.enumerated() {
                try producer.produce(
                    KafkaProducerRecord(
                        topic: "orders",
                        key: Array(order.id.utf8),
                        value: Array(order.total.utf8),
                        tag: UInt(index)
                    )
                )
            }
        }
        let failures = try await producer.flush()
        for failure in failures { print("\(orders[Int(failure.tag)].id): \(failure.error)") }
        await producer.close()
    }

    struct Printer: KafkaConsumerHandler {
        let print: @Sendable (String) -> Void

        func consumer(_ consumer: KafkaConsumer, received batch: KafkaRecordBatch) {
            for run in batch.runs {
                for record in batch.records(of: run) {
                    let total = String(decoding: record.value ?? [], as: UTF8.self)
                    print("\(run.topicPartition)@\(record.offset): \(total)")
                }
            }
        }

        func consumer(_ consumer: KafkaConsumer, rebalances request: KafkaRebalanceRequest) {
            request.complete()
        }
    }

    static func consume(
        _ configuration: KafkaConfiguration,
        _ logger: Logger,
        print: @escaping @Sendable (String) -> Void
    ) async throws -> KafkaConsumer {
        let consumer = try KafkaConsumer(
            configuration: configuration,
            groupID: "order-totals",
            handler: Printer(print: print),
            logger: logger
        )
        try await consumer.subscribe(["orders"])
        return consumer
    }

    static func commit(_ consumer: KafkaConsumer, upTo next: Int64) async throws {
        try await consumer.commit([KafkaTopicPartitionOffset(topic: "orders", partition: 0, offset: next)])
        await consumer.close()
    }

    static func read(_ configuration: KafkaConfiguration, _ logger: Logger) async throws -> Int {
        var count = 0
        let admin = try KafkaAdmin(configuration: configuration, logger: logger)
        let reader = try KafkaPartitionReader(configuration: configuration, logger: logger)
        let partition = KafkaTopicPartition(topic: "orders", partition: 0)
        let end = try await admin.watermarks(partition).high
        try await reader.read(partition, to: end) { records in
            for record in records { count += record.isTombstone ? 0 : 1 }
        }
        await reader.close()
        await admin.close()
        return count
    }
}

/// Transactions and fencing.
enum TransactionsAndFencing {
    struct Step: Sendable {
        var records: [KafkaProducerRecord]
        var positions: [KafkaTopicPartitionOffset]
        var metadata: KafkaGroupMetadata
    }

    enum Outcome: Equatable {
        case stored, repeatNow, repeatAfterRebalance, unknown
        case refused(records: [UInt])
    }

    static func prepare(
        _ configuration: KafkaConfiguration,
        _ logger: Logger
    ) async throws -> KafkaTransactionalProducer {
        let producer = try KafkaTransactionalProducer(
            configuration: configuration,
            transactionalID: "order-totals.worker-1",
            topics: ["totals"],
            logger: logger
        )
        try await producer.initTransactions()
        return producer
    }

    static func outcome(of step: Step, _ producer: KafkaTransactionalProducer) async throws -> Outcome {
        func store(_ step: Step, _ producer: KafkaTransactionalProducer) async throws(KafkaError) {
            try await producer.run { (producer) throws(KafkaError) in
                try producer.begin()
                for record in step.records { try producer.produce(record) }
                try producer.sendOffsets(step.positions, groupMetadata: step.metadata)
                try producer.commit()
            }
        }
        do throws(KafkaError) {
            try await store(step, producer)
            return .stored
        } catch {
            switch error.fault {
            case .retry, .abortTransaction:
                try await producer.abort()
                return .repeatNow
            case .staleGeneration:
                // The next rebalance request brings new metadata, or takes the partitions away.
                try await producer.abort()
                return .repeatAfterRebalance
            case .rejected, .configuration:
                // Repeating it does not help.
                try await producer.abort()
                return .refused(records: error.deliveryFailures.map(\.tag))
            case .fenced, .fatal, .closed:
                // The step may be stored or not. Read it back with a new producer.
                await producer.close()
                return .unknown
            }
        }
    }
}

/// Rebalances.
enum Rebalances {
    /// Sums of orders, and how far each partition has come.
    actor State {
        private(set) var positions: [KafkaTopicPartition: Int64]
        private(set) var finished: [KafkaTopicPartition] = []

        init(_ positions: [KafkaTopicPartition: Int64]) { self.positions = positions }

        func restore(_ partitions: [KafkaTopicPartition]) -> [KafkaTopicPartition: Int64] {
            positions.filter { partitions.contains($0.key) }
        }

        func finish(_ partitions: [KafkaTopicPartition]) -> [KafkaTopicPartitionOffset] {
            finished += partitions
            return restore(partitions).map { KafkaTopicPartitionOffset($0.key, offset: $0.value) }
        }

        func drop(_ partitions: [KafkaTopicPartition]) {
            for partition in partitions { positions[partition] = nil }
        }
    }

    struct Totals: KafkaConsumerHandler {
        let requests: AsyncStream<KafkaRebalanceRequest>.Continuation
        let records: @Sendable (KafkaRecordBatch) -> Void

        func consumer(_ consumer: KafkaConsumer, received batch: KafkaRecordBatch) { records(batch) }

        func consumer(_ consumer: KafkaConsumer, rebalances request: KafkaRebalanceRequest) {
            requests.yield(request)
        }
    }

    static func complete(
        _ requests: AsyncStream<KafkaRebalanceRequest>,
        _ consumer: KafkaConsumer,
        _ state: State
    ) async {
        for await request in requests {
            switch request.kind {
            case .assign:
                let offsets = await state.restore(request.partitions)
                request.complete(from: offsets)
            case .revoke:
                let offsets = await state.finish(request.partitions)
                try? await consumer.commit(offsets)
                request.complete()
            case .lost:
                await state.drop(request.partitions)
                request.complete()
            }
        }
    }

    static func begin(
        _ request: KafkaRebalanceRequest,
        _ consumer: KafkaConsumer,
        _ state: State
    ) async throws {
        request.completePaused()
        for partition in request.partitions + request.interrupted {
            let offset = await state.restore([partition])[partition] ?? 0
            try await consumer.seek(KafkaTopicPartitionOffset(partition, offset: offset))
            try await consumer.resume([partition])
        }
    }
}

/// Errors.
enum HandlingErrors {
    static func partitions(of topic: String, _ admin: KafkaAdmin) async throws -> Int? {
        while true {
            do throws(KafkaError) {
                return try await admin.topic(topic, timeout: .seconds(5))?.partitions.count
            } catch {
                switch error.fault {
                case .retry: try await Task.sleep(for: .seconds(1))
                case .abortTransaction, .staleGeneration, .fenced, .rejected, .configuration, .fatal, .closed:
                    throw error
                }
            }
        }
    }

    static func produce(_ records: [KafkaProducerRecord], _ producer: KafkaProducer) async throws -> [UInt] {
        var skipped: [UInt] = []
        for record in records {
            do throws(KafkaError) {
                try await producer.produce(record)
            } catch {
                guard error.code == .messageTooLarge else { throw error }
                skipped.append(record.tag)
            }
        }
        return skipped
    }
}
