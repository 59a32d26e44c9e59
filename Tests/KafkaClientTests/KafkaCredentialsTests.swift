import EmbeddedKafka
import KafkaClient
import Testing

@Suite struct KafkaCredentialsTests {
    @Test func liveClientsReceiveNewCredentials() async throws {
        try await withEmbeddedKafka { kafka in
            var configuration = kafka.configuration()
            let credentials = KafkaCredentials(username: "worker", password: "first")
            configuration.credentials = credentials
            let consumer = try KafkaConsumer(
                configuration: configuration,
                groupID: "group",
                handler: RecordingHandler(),
                logger: quiet
            )
            let admin = try KafkaAdmin(configuration: configuration, logger: quiet)
            let reader = try KafkaPartitionReader(configuration: configuration, logger: quiet)
            let producer = try KafkaProducer(configuration: configuration, logger: quiet)
            let transactional = try KafkaTransactionalProducer(
                configuration: configuration,
                transactionalID: "id",
                logger: quiet
            )
            #expect(credentials.set(username: "worker", password: "second") == 5)
            #expect(credentials.set(username: "worker", password: "second") == nil, "nothing has changed")
            await transactional.close()
            await producer.close()
            await reader.close()
            await admin.close()
            await consumer.close()
            #expect(credentials.set(username: "worker", password: "third") == 0)
        }
    }

    @Test func credentialsTakePrecedenceOverProperties() throws {
        var configuration = KafkaConfiguration(bootstrapServers: "127.0.0.1:1", properties: ["sasl.password": "old"])
        configuration.credentials = KafkaCredentials(username: "worker", password: "new")
        try configuration.validate()
        #expect(!"\(configuration)".contains("new") && !"\(configuration)".contains("old"))
        var text = ""
        dump(configuration, to: &text)
        #expect(!text.contains("new") && !text.contains("\"old\""))
    }
}
