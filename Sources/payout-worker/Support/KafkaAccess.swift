import ArgumentParser
import KafkaClient
import Logging
import WorkerKafka

/// What a command needs that talks to Kafka itself, and the clients for as long as it needs them.
struct KafkaAccess: Sendable {
    let log: KafkaLogConfiguration
    let logger: Logger

    var topics: KafkaTopicNames { log.topics }
    var bootstrapServers: String { log.kafka.bootstrapServers }

    /// Takes only the settings about Kafka: no credentials of the service are wanted here.
    init(_ settings: Settings) throws {
        var reader = SettingReader(settings)
        log = try WorkerConfiguration.log(&reader)
        guard reader.problems.isEmpty else { throw ConfigurationError(reader.problems) }
        logger = try LogSetup.makeToolLogger(settings)
    }

    init(_ log: KafkaLogConfiguration, logger: Logger) {
        self.log = log
        self.logger = logger
    }

    // MARK: Clients

    /// Runs a body with an admin client and closes that.
    func withAdmin<Result>(_ body: (KafkaAdmin) async throws -> Result) async throws -> Result {
        let admin = try KafkaAdmin(configuration: log.kafka, logger: logger)
        return try await explaining(body, admin) { await $0.close() }
    }

    /// Runs a body with a reader and closes that.
    func withReader<Result>(_ body: (KafkaPartitionReader) async throws -> Result) async throws -> Result {
        let reader = try KafkaPartitionReader(configuration: log.kafka, logger: logger)
        return try await explaining(body, reader) { await $0.close() }
    }

    /// Runs a body with a producer that spreads keys as the Java client does, and closes that.
    func withProducer<Result>(_ body: (KafkaProducer) async throws -> Result) async throws -> Result {
        var kafka = log.kafka
        kafka.properties.merge(
            ["message.max.bytes": "16777216", "linger.ms": "5", "compression.type": "lz4"]) { own, _ in own }
        let producer = try KafkaProducer(configuration: kafka, logger: logger)
        return try await explaining(body, producer) { await $0.close() }
    }

    private func explaining<Client, Result>(
        _ body: (Client) async throws -> Result,
        _ client: Client,
        close: (Client) async -> Void
    ) async throws -> Result {
        do {
            let result = try await body(client)
            await close(client)
            return result
        } catch let error as KafkaError where error.saysUnreachable {
            await close(client)
            throw unreachable(error)
        } catch {
            await close(client)
            throw error
        }
    }

    private func unreachable(_ error: KafkaError) -> CommandFailure {
        CommandFailure(
            "Kafka at \(bootstrapServers) does not answer (\(error.operation): \(error.code.name)). Check KAFKA_BOOTSTRAP_SERVERS, KAFKA_CLIENT_SECURITY_PROTOCOL, and that the addresses that the brokers advertise can be reached from here."
        )
    }

    // MARK: Topics

    /// A topic's description.
    ///
    /// - Throws: ``CommandFailure`` that names the topic when it does not exist.
    func topic(_ name: String, _ admin: KafkaAdmin) async throws -> KafkaTopicDescription {
        guard let description = try await admin.topic(name) else {
            throw CommandFailure(
                "The topic \(name) does not exist at \(bootstrapServers). Create it with 'payout-worker topics create', or name another one with the KAFKA_TOPICS_… variables."
            )
        }
        return description
    }
}

extension KafkaError {
    /// Whether no broker answered at all.
    var saysUnreachable: Bool {
        code == .timedOut || code == .transport || code == .allBrokersDown || code == .unresolved
    }
}

extension KafkaErrorCode {
    /// librdkafka: the host name is not known.
    static let unresolved = KafkaErrorCode(rawValue: -193)
}
