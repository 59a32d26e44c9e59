import Foundation
import KafkaClient
import Testing

/// A real cluster, for what the embedded one cannot show. Its address comes from `KAFKA_BOOTSTRAP_SERVERS`.
enum RealBroker {
    static let servers = ProcessInfo.processInfo.environment["KAFKA_BOOTSTRAP_SERVERS"] ?? ""
    static var isThere: Bool { !servers.isEmpty }
    static let configuration = KafkaConfiguration(bootstrapServers: servers)
}

/// Topics with names of their own on the real broker, for the length of a body.
struct TemporaryTopics {
    let admin: KafkaAdmin
    let suffix: String

    func name(_ base: String) -> String { "\(base)-\(suffix)" }

    /// The group of all consumers.
    var groupID: String { name("workers") }

    func create(_ base: String, partitions: Int32, _ settings: [String: String] = [:]) async throws -> String {
        let specification = KafkaTopicSpecification(
            name: name(base),
            partitions: partitions,
            replicationFactor: 1,
            configuration: settings
        )
        for result in try await admin.createTopics([specification]) {
            if let error = result.error { throw error }
        }
        return name(base)
    }

    static func with(_ body: (TemporaryTopics) async throws -> Void) async throws {
        let admin = try KafkaAdmin(configuration: RealBroker.configuration, logger: quiet)
        let topics = TemporaryTopics(admin: admin, suffix: UUID().uuidString.prefix(8).lowercased())
        do {
            try await body(topics)
        } catch {
            await topics.remove()
            throw error
        }
        await topics.remove()
    }

    private func remove() async {
        if let mine = try? await admin.topics().map(\.name).filter({ $0.hasSuffix(suffix) }), !mine.isEmpty {
            _ = try? await admin.deleteTopics(mine)
        }
        await admin.close()
    }

    func producer(_ id: String, _ topics: [String] = []) async throws -> KafkaTransactionalProducer {
        let producer = try KafkaTransactionalProducer(
            configuration: RealBroker.configuration,
            transactionalID: name(id),
            topics: topics,
            logger: quiet
        )
        try await producer.initTransactions()
        return producer
    }

    func consumer(
        _ handler: RecordingHandler,
        _ topic: String,
        _ properties: [String: String] = [:],
        groupProtocol: KafkaGroupProtocol = .classic
    ) async throws -> KafkaConsumer {
        var configuration = RealBroker.configuration
        configuration.properties.merge(properties) { $1 }
        var options = KafkaConsumer.Options()
        options.groupProtocol = groupProtocol
        let consumer = try KafkaConsumer(
            configuration: configuration,
            groupID: groupID,
            options: options,
            handler: handler,
            logger: quiet
        )
        try await consumer.subscribe([topic])
        return consumer
    }
}
