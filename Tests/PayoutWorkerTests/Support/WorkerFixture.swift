import EmbeddedKafka
import ExportCore
import ExportRecords
import KafkaClient
import Logging
import PayoutSandbox
import Testing
import TestSupport
import WorkerKafka

@testable import payout_worker

/// A broker and a sandbox of the service, and the variables that point a command at them.
final class WorkerFixture: Sendable {
    let broker: EmbeddedKafka
    let sandbox: PayoutSandbox
    let files: TemporaryFile
    let environment: [String: String]
    let topics = KafkaTopicNames()

    private init(
        _ broker: EmbeddedKafka,
        _ sandbox: PayoutSandbox,
        _ files: TemporaryFile,
        _ address: PayoutSandbox.Address
    ) {
        self.broker = broker
        self.sandbox = sandbox
        self.files = files
        var environment = Dictionary(address.environment, uniquingKeysWith: { $1 })
        environment["KAFKA_BOOTSTRAP_SERVERS"] = broker.bootstrapServers
        environment["WORKER_POLL_MIN_INTERVAL"] = "100ms"
        environment["WORKER_POLL_MAX_INTERVAL"] = "500ms"
        environment["FILES_LOCATION"] = "file://" + files.path
        environment["HTTP_PORT"] = "0"
        self.environment = environment
    }

    /// Runs a body with a fixture and stops the fixture.
    static func with(
        partitions: Int = 2,
        brokers: Int = 1,
        _ body: (WorkerFixture) async throws -> Void
    ) async throws {
        let broker = try EmbeddedKafka(brokers: brokers)
        for topic in KafkaTopicNames().all { try broker.createTopic(topic, partitions: partitions) }
        let sandbox = PayoutSandbox(configuration: .instant)
        let fixture = WorkerFixture(broker, sandbox, try TemporaryFile(directory: ()), try await sandbox.start())
        do {
            try await body(fixture)
        } catch {
            await sandbox.stop()
            broker.close()
            throw error
        }
        await sandbox.stop()
        broker.close()
    }

    func run(_ arguments: String..., input: String = "") async throws -> CommandOutput {
        try await run(arguments, input: input)
    }

    func run(_ arguments: [String], input: String = "") async throws -> CommandOutput {
        try await Command(arguments, environment: environment, input: input).end()
    }

    var access: KafkaAccess {
        get throws {
            try KafkaAccess(
                Settings(environment: ["KAFKA_BOOTSTRAP_SERVERS": broker.bootstrapServers, "LOG_LEVEL": "error"])
            )
        }
    }

    /// A record that a test examines.
    struct Record: Sendable {
        var partition: Int32
        var key: String?
        var value: String?
        var headers: [KafkaHeader]

        func header(_ name: String) -> String? { headers.last { $0.name == name }?.text }
    }

    /// All records of a topic.
    func records(_ topic: String) async throws -> [Record] {
        var records: [Record] = []
        try await access.scan(topic) { record in
            records.append(
                Record(
                    partition: record.partition,
                    key: ByteFormatting.text(record.key),
                    value: ByteFormatting.text(record.value),
                    headers: record.headers
                )
            )
            return .continue
        }
        return records
    }

    /// Enqueues jobs to the first partition.
    func enqueue(_ ids: String...) async throws {
        for id in ids {
            let job = #"{"jobId":"\#(id)","kind":"payments"}"#
            try await write(partition: 0, of: topics.jobs, key: id, values: [job])
        }
    }

    /// Waits until these jobs are completed.
    func completes(_ ids: String...) async throws {
        try await eventually("\(ids) are completed") {
            let completed = try await records(topics.results).filter {
                $0.header("ce_type") == "payout.export.completed"
            }
            return Set(ids).isSubset(of: completed.compactMap(\.key))
        }
    }

    /// Writes records.
    func write(_ records: [OutgoingRecord], to topic: String) async throws {
        try await access.withProducer { producer in
            for record in records { try await producer.produce(KafkaProducerRecord(record, topic: topic)) }
            _ = try await producer.flush()
        }
    }
}
