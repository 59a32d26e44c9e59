import EmbeddedKafka
import WorkerKafka

/// The embedded broker with the four topics.
struct DemoBroker: Sendable {
    let kafka: EmbeddedKafka
    /// The variables that point a worker here.
    let environment: [(String, String)]

    init(_ settings: Settings, brokers: Int, partitions: Int) throws {
        var reader = SettingReader(settings)
        let topics = [
            "KAFKA_TOPICS_JOBS", "KAFKA_TOPICS_RESULTS", "KAFKA_TOPICS_STATE", "KAFKA_TOPICS_DEAD_LETTER",
        ].map { (name: $0, topic: reader.text($0)) }
        guard reader.problems.isEmpty else { throw ConfigurationError(reader.problems) }
        kafka = try EmbeddedKafka(brokers: brokers)
        for (_, topic) in topics {
            try kafka.createTopic(topic, partitions: partitions, replicationFactor: min(brokers, 3))
        }
        let named = topics.filter { topic in
            SettingDefinition.all.first { $0.name == topic.name }?.defaultValue != topic.topic
        }
        environment =
            [("KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrapServers)] + named.map { ($0.name, $0.topic) }
    }

    func close() { kafka.close() }
}
