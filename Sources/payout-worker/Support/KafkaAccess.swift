import ArgumentParser
import KafkaClient
import Logging
import WorkerKafka
import WorkerRuntime
import WorkerTelemetry

/// Kafka clients for commands that use Kafka directly, each open for the duration of a body.
struct KafkaAccess: Sendable {
    let log: KafkaLogConfiguration
    let logger: Logger

    var topics: KafkaTopicNames { log.topics }
    var bootstrapServers: String { log.kafka.bootstrapServers }

    /// Reads only the settings of Kafka, so that commands run without credentials of the service.
    init(_ settings: Settings) throws {
        var reader = SettingReader(settings)
        log = try WorkerConfiguration.log(&reader)
        reader.addUnknownVariables()
        guard reader.problems.isEmpty else { throw ConfigurationError(reader.problems) }
        logger = try LogSetup.makeToolLogger(settings)
    }

    init(_ log: KafkaLogConfiguration, logger: Logger) {
        self.log = log
        self.logger = logger
    }

    // MARK: Clients

    /// Runs a body with an admin client and closes the client.
    func withAdmin<Result>(_ body: (KafkaAdmin) async throws -> Result) async throws -> Result {
        let reason = KafkaReason()
        let admin = try KafkaAdmin(configuration: log.kafka, logger: logger) { reason.add($0) }
        let checked = { (admin: KafkaAdmin) in
            try await checkBroker(admin)
            return try await body(admin)
        }
        return try await explaining(checked, admin, reason) { await $0.close() }
    }

    /// Fails soon where every address refuses connections: librdkafka tries them again until the time-out of a call.
    private func checkBroker(_ admin: KafkaAdmin) async throws {
        if (try? await admin.brokers(timeout: .milliseconds(500))) != nil { return }
        guard await KafkaAdmin.isRefused(bootstrapServers) else { return }
        throw CommandFailure(
            "Kafka at \(bootstrapServers) is unreachable: the connection is refused. Check that the broker runs and listens there, and KAFKA_BOOTSTRAP_SERVERS."
        )
    }

    /// Runs a body with a reader and closes the reader.
    func withReader<Result>(_ body: (KafkaPartitionReader) async throws -> Result) async throws -> Result {
        let reader = try KafkaPartitionReader(configuration: log.kafka, logger: logger)
        return try await explaining(body, reader) { await $0.close() }
    }

    /// Runs a body with a producer that partitions keys as the Java client does, and closes the producer.
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
        _ reason: KafkaReason = KafkaReason(),
        close: (Client) async -> Void
    ) async throws -> Result {
        do {
            let result = try await body(client)
            await close(client)
            return result
        } catch let error as KafkaError where error.meansUnreachable {
            await close(client)
            throw unreachable(reason.cause(of: error))
        } catch {
            await close(client)
            throw error
        }
    }

    private func unreachable(_ error: KafkaError) -> CommandFailure {
        let problem = LogProblem(error, log)
        guard problem.cause != .unreachable, problem.cause != .other else {
            return CommandFailure(
                "Kafka at \(bootstrapServers) is unreachable (\(error.operation): \(error.code.name)). Check KAFKA_BOOTSTRAP_SERVERS, KAFKA_CLIENT_SECURITY_PROTOCOL, and that this machine can connect to the addresses that the brokers advertise."
            )
        }
        return CommandFailure("Kafka at \(bootstrapServers): \(problem.sentence)\n  \(problem.remedy)")
    }

    /// Brokers that are unreachable at the addresses that they advertise, each with the problem.
    func unreachableBrokers(_ admin: KafkaAdmin) async throws -> [(broker: KafkaBroker, problem: LogProblem)] {
        try await admin.unreachableBrokers().map { failure in
            let problem = LogProblem(
                .brokerAddress,
                subject: "\(failure.broker)",
                code: KafkaErrorCode.transport.name,
                message: failure.message
            )
            return (failure.broker, problem)
        }
    }

    // MARK: Topics

    /// A topic's description. Brokers learn of a new topic one after the other, so they are asked repeatedly for two seconds.
    ///
    /// - Throws: ``CommandFailure`` that names the topic if it does not exist.
    func topic(_ name: String, _ admin: KafkaAdmin) async throws -> KafkaTopicDescription {
        let deadline = ContinuousClock.now + .seconds(2)
        repeat {
            if let description = try await admin.topic(name) { return description }
        } while await slept(for: .milliseconds(200)) && .now < deadline
        throw CommandFailure(
            "The topic \(name) does not exist at \(bootstrapServers). Create it with 'payout-worker topics create', or set another name with the KAFKA_TOPICS_… variables."
        )
    }
}

extension KafkaError {
    /// Whether the error means that no broker answered.
    var meansUnreachable: Bool {
        code == .badMessage || code == .timedOut || code == .transport || code == .allBrokersDown || code == .unresolved
    }
}
