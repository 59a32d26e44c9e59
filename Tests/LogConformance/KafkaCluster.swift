import EmbeddedKafka
import Foundation
import KafkaClient
import Logging
import Testing
import TestSupport
import WorkerKafka
import WorkerRuntime

/// A cluster behind Kafka's protocol: the embedded broker, or one that the environment names.
final class KafkaCluster: LogCluster {
    static let address = ProcessInfo.processInfo.environment["KAFKA_BOOTSTRAP_SERVERS"].flatMap {
        $0.isEmpty ? nil : $0
    }

    let topics: KafkaTopicNames
    let kafka: KafkaConfiguration
    private let broker: EmbeddedKafka?
    private let hasTooLittleState: Bool
    private let maxMessageBytes: [LogTopic: Int]
    private let restoreStallTimeout: Duration
    private let groupID: String
    let logger: Logger

    /// Makes topics: on the embedded broker, or on the one at `address`.
    ///
    /// - Parameters:
    ///   - statePartitions: where it is to have fewer than the jobs topic.
    ///   - maxMessageBytes: limits of topics; only a real broker enforces them.
    init(
        address: String?,
        statePartitions: Int = partitionCount,
        maxMessageBytes: [LogTopic: Int] = [:],
        restoreStallTimeout: Duration = .seconds(30)
    ) async throws {
        self.restoreStallTimeout = restoreStallTimeout
        self.maxMessageBytes = maxMessageBytes
        hasTooLittleState = statePartitions < partitionCount
        let unique = UUID().uuidString.prefix(8).lowercased()
        var names = KafkaTopicNames()
        names.jobs = "conformance-\(unique).jobs"
        names.results = "conformance-\(unique).results"
        names.state = "conformance-\(unique).state"
        names.deadLetter = "conformance-\(unique).dead-letter"
        topics = names
        groupID = "conformance-\(unique)"
        var quiet = Logger(label: "conformance")
        quiet.logLevel = .critical
        logger = quiet
        broker = address == nil ? try EmbeddedKafka() : nil
        var configuration = KafkaConfiguration(bootstrapServers: address ?? broker?.bootstrapServers ?? "")
        configuration.properties = ["session.timeout.ms": "6000", "heartbeat.interval.ms": "500"]
        kafka = configuration
        if let broker {
            for topic in names.all {
                try broker.createTopic(topic, partitions: topic == names.state ? statePartitions : partitionCount)
            }
        } else {
            try await createTopics(statePartitions)
        }
    }

    private func createTopics(_ statePartitions: Int, only names: [String]? = nil) async throws {
        let admin = try KafkaAdmin(configuration: kafka, logger: logger)
        let results = try await admin.createTopics(
            (names ?? topics.all).map { name in
                KafkaTopicSpecification(
                    name: name,
                    partitions: Int32(name == topics.state ? statePartitions : partitionCount),
                    replicationFactor: 1,
                    configuration: settings(of: name)
                )
            }
        )
        await admin.close()
        for result in results { if let error = result.error { throw error } }
    }

    private func settings(of name: String) -> [String: String] {
        var settings = name == topics.state ? ["cleanup.policy": "compact"] : [:]
        for (topic, limit) in maxMessageBytes where topics.name(of: topic) == name {
            settings["max.message.bytes"] = "\(limit)"
        }
        return settings
    }

    /// What a check of the topics finds.
    func check() async throws -> TopicReport {
        let admin = try KafkaAdmin(configuration: kafka, logger: logger)
        let report = try await TopicSetup(topics: topics, admin: admin).check()
        await admin.close()
        return report
    }

    /// Makes the embedded broker refuse the next batches.
    func refuseBatches(_ count: Int) throws {
        try broker?.pushErrors(.produce, Array(repeating: .messageTooLarge, count: count))
    }

    /// Enqueues a value of zeros that is a few KB on the wire.
    func enqueueZeros(_ bytes: Int, partition: Int32, headerBytes: Int = 0) async throws {
        var compressing = kafka
        compressing.properties.merge(["compression.type": "gzip", "message.max.bytes": "200000000"]) { $1 }
        let producer = try KafkaProducer(configuration: compressing, logger: logger)
        try await producer.produce(
            KafkaProducerRecord(
                topic: topics.jobs,
                partition: partition,
                key: Array("zeros".utf8),
                value: [UInt8](repeating: 0, count: bytes),
                headers: headerBytes == 0 ? [] : [KafkaHeader("h", [UInt8](repeating: 0, count: headerBytes))]
            )
        )
        let failures = try await producer.flush()
        await producer.close()
        if let first = failures.first { throw first.error }
    }

    func recreateJobs() async throws { try await recreate(topics.jobs) }

    func recreateState() async throws { try await recreate(topics.state) }

    private func recreate(_ topic: String) async throws {
        let admin = try KafkaAdmin(configuration: kafka, logger: logger)
        for result in try await admin.deleteTopics([topic]) { if let error = result.error { throw error } }
        try await eventually("\(topic) is gone") { try await admin.topic(topic) == nil }
        await admin.close()
        try await createTopics(partitionCount, only: [topic])
    }

    /// Adds partitions to all topics.
    func addPartitions(upTo count: Int) async throws {
        let admin = try KafkaAdmin(configuration: kafka, logger: logger)
        for topic in topics.all { try await admin.addPartitions(topic: topic, upTo: count) }
        await admin.close()
    }

    /// A record in an open transaction of another producer, in a partition of the jobs topic.
    func openTransactionOnJobs(partition: Int32) async throws -> any OpenTransaction {
        let producer = try KafkaTransactionalProducer(
            configuration: kafka,
            transactionalID: "\(groupID).foreign",
            topics: [topics.jobs],
            logger: logger
        )
        try await producer.initTransactions()
        let topic = topics.jobs
        let settled = try await producer.run { (producer) throws(KafkaError) in
            try producer.begin()
            try producer.produce(
                KafkaProducerRecord(topic: topic, partition: partition, key: [0x61], value: [0x62])
            )
            return producer.settle(timeout: .seconds(300))
        }
        if let first = settled.failures.first { throw first.error }
        #expect(settled.isComplete)
        return KafkaOpenTransaction(producer: producer)
    }

    /// Writes into the state topic, as a command does.
    func writeState(partition: Int32, key: String, value: String) async throws {
        let producer = try KafkaProducer(configuration: kafka, logger: logger)
        let record = KafkaProducerRecord(
            topic: topics.state,
            partition: partition,
            key: Array(key.utf8),
            value: Array(value.utf8)
        )
        let failures = try await producer.run { (producer) throws(KafkaError) in
            try producer.produce(record)
            return try producer.flush()
        }
        await producer.close()
        if let first = failures.first { throw first.error }
    }

    /// Gives the state topic the partitions that it lacks.
    func completeStateTopic() async throws {
        let admin = try KafkaAdmin(configuration: kafka, logger: logger)
        try await admin.addPartitions(topic: topics.state, upTo: partitionCount)
        await admin.close()
    }

    func makeLog(_ workerID: String, delivery: DeliveryMode) -> any LogPort {
        var configuration = KafkaLogConfiguration(
            kafka: kafka,
            groupID: groupID,
            workerID: workerID,
            topics: topics,
            delivery: delivery
        )
        configuration.revocationTimeout = .seconds(30)
        configuration.backlogInterval = .milliseconds(200)
        configuration.missingStateInterval = .milliseconds(500)
        configuration.continuityInterval = .milliseconds(500)
        configuration.stoppedInterval = .milliseconds(200)
        configuration.restoreStallTimeout = restoreStallTimeout
        if hasTooLittleState { configuration.concurrentRestores = 1 }
        return KafkaLog(configuration, logger: logger)
    }

    func enqueue(_ records: [(partition: Int32, key: String, value: String)]) async throws {
        let producer = try KafkaProducer(configuration: kafka, logger: logger)
        let topic = topics.jobs
        let failures = try await producer.run { (producer) throws(KafkaError) in
            for record in records {
                try producer.produce(
                    KafkaProducerRecord(
                        topic: topic,
                        partition: record.partition,
                        key: Array(record.key.utf8),
                        value: Array(record.value.utf8),
                        headers: [KafkaHeader("traceparent", "00-abc")]
                    )
                )
            }
            return try producer.flush()
        }
        await producer.close()
        if let first = failures.first { throw first.error }
    }

    func read(_ topic: LogTopic) async throws -> [LogReading] {
        let reader = try KafkaPartitionReader(configuration: kafka, logger: logger)
        let admin = try KafkaAdmin(configuration: kafka, logger: logger)
        var readings: [LogReading] = []
        for number in 0..<Int32(partitionCount) {
            let partition = KafkaTopicPartition(topic: topics.name(of: topic), partition: number)
            let end = try await admin.watermarks(partition)
            guard end.high > end.low else { continue }
            try await reader.read(partition, from: .offset(end.low), to: end.high) { batch in
                for record in batch {
                    readings.append(
                        LogReading(
                            partition: number,
                            offset: record.offset,
                            key: record.key.map { String(decoding: $0, as: UTF8.self) },
                            value: record.value.map { String(decoding: $0, as: UTF8.self) },
                            headers: Dictionary(
                                record.headers.map { ($0.name, $0.text ?? "") },
                                uniquingKeysWith: { $1 }
                            )
                        )
                    )
                }
            }
        }
        await reader.close()
        await admin.close()
        return readings
    }

    func openTransaction(_ outputs: [LogOutput]) async throws -> any OpenTransaction {
        let producer = try KafkaTransactionalProducer(
            configuration: kafka,
            transactionalID: "\(groupID).other",
            // The test ends it, not the broker.
            transactionTimeout: .seconds(600),
            topics: topics.written,
            logger: logger
        )
        try await producer.initTransactions()
        let topics = topics
        let settled = try await producer.run { (producer) throws(KafkaError) in
            try producer.begin()
            for output in outputs {
                try producer.produce(
                    KafkaProducerRecord(
                        output.record,
                        topic: topics.name(of: output.topic),
                        partition: output.partition
                    )
                )
            }
            return producer.settle(timeout: .seconds(300))
        }
        if let first = settled.failures.first { throw first.error }
        #expect(settled.isComplete)
        return KafkaOpenTransaction(producer: producer)
    }

    func close() async throws {
        if let broker { return broker.close() }
        let admin = try KafkaAdmin(configuration: kafka, logger: logger)
        _ = try await admin.deleteTopics(topics.all)
        await admin.close()
    }
}

private struct KafkaOpenTransaction: OpenTransaction {
    let producer: KafkaTransactionalProducer

    func end(committing: Bool) async throws {
        if committing { try await producer.commit() } else { try await producer.abort() }
        await producer.close()
    }
}
