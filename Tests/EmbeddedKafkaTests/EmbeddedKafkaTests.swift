import EmbeddedKafka
import KafkaClient
import Logging
import Testing

private let quiet = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }

@Suite struct EmbeddedKafkaTests {
    @Test func clusterHasItsBrokersAndTopics() async throws {
        let kafka = try EmbeddedKafka(brokers: 3)
        defer { kafka.close() }
        #expect(kafka.brokerCount == 3)
        #expect(kafka.bootstrapServers.split(separator: ",").count == 3)
        try kafka.createTopic("jobs", partitions: 6)
        let admin = try KafkaAdmin(
            configuration: KafkaConfiguration(bootstrapServers: kafka.bootstrapServers),
            logger: quiet
        )
        let topic = try await admin.topic("jobs")
        #expect(topic?.partitions.map(\.id) == Array(0..<6))
        await admin.close()
    }

    @Test func callsAfterCloseAreRejected() throws {
        let kafka = try EmbeddedKafka()
        kafka.close()
        kafka.close()
        let error = #expect(throws: EmbeddedKafkaError.self) { try kafka.createTopic("late", partitions: 1) }
        #expect(error?.description.contains("closed") == true)
    }

    @Test func clusterOpensAndClosesManyTimes() throws {
        for _ in 0..<20 { try EmbeddedKafka(brokers: 2).close() }
    }

    @Test func limitsNameTransactionsAndFencing() {
        #expect(EmbeddedKafka.limits.contains { $0.contains("committed") })
        #expect(EmbeddedKafka.limits.contains { $0.contains("fence") })
    }

    @Test func limitsFitIntoTerminalAsList() {
        #expect(EmbeddedKafka.limits.filter { $0.count > 76 }.isEmpty)
    }
}
