import Testing

@testable import KafkaClient

@Suite struct KafkaGroupProtocolTests {
    private let configuration = KafkaConfiguration(
        bootstrapServers: "localhost:9092",
        properties: [
            "session.timeout.ms": "8000", "heartbeat.interval.ms": "1000", "group.instance.id": "one",
            "partition.assignment.strategy": "range", "client.id": "one",
        ]
    )

    private func properties(_ groupProtocol: KafkaGroupProtocol) -> [String: String] {
        var options = KafkaConsumer.Options()
        options.groupProtocol = groupProtocol
        return options.properties(over: configuration, groupID: "group")
    }

    @Test func propertiesThatTheProtocolDoesNotHaveAreNotSent() {
        let classic = properties(.classic)
        #expect(classic["group.protocol"] == nil, "librdkafka 2.0 does not know it")
        #expect(classic.filter { configuration.properties[$0.key] != nil } == configuration.properties)
        let consumer = properties(.consumer)
        #expect(consumer["group.protocol"] == "consumer")
        #expect(consumer["client.id"] == "one")
        #expect(KafkaGroupProtocol.consumer.unsupportedProperties.isDisjoint(with: consumer.keys))
    }

    @Test func strategyOfThisLibraryIsNotSentEither() {
        var options = KafkaConsumer.Options()
        options.groupProtocol = .consumer
        let plain = KafkaConfiguration(bootstrapServers: "localhost:9092")
        #expect(options.properties(over: plain, groupID: "group")["partition.assignment.strategy"] == nil)
    }

    @Test func obstacleNamesTheVersionThatIsNeededAndTheOneThatIsThere() {
        #expect(KafkaGroupProtocol.classic.obstacle == nil)
        let old = KafkaGroupProtocol.consumer.obstacle(version: 0x0200_02ff, name: "2.0.2")
        #expect(old?.contains("librdkafka 2.12.0 or later") == true)
        #expect(old?.contains("2.0.2") == true)
        #expect(KafkaGroupProtocol.consumer.obstacle(version: 0x020b_01ff, name: "2.11.1") != nil)
        #expect(KafkaGroupProtocol.consumer.obstacle(version: 0x020c_00ff, name: "2.12.0") == nil)
        #expect(KafkaGroupProtocol.consumer.obstacle(version: 0x0210_00ff, name: "2.16.0") == nil)
    }

    /// librdkafka itself would say only that it has no such property.
    @Test func consumerIsRefusedWhereLibrdkafkaIsTooOld() async throws {
        var options = KafkaConsumer.Options()
        options.groupProtocol = .consumer
        do throws(KafkaError) {
            let consumer = try KafkaConsumer(
                configuration: configuration,
                groupID: "group",
                options: options,
                handler: RecordingHandler(),
                logger: quiet
            )
            #expect(KafkaGroupProtocol.consumer.obstacle == nil)
            await consumer.close()
        } catch {
            #expect(error.fault == .configuration)
            #expect(error.property == "group.protocol")
            #expect(error.message == KafkaGroupProtocol.consumer.obstacle)
        }
    }

    @Test func protocolIsNoPropertyOfTheConfiguration() {
        let configuration = KafkaConfiguration(
            bootstrapServers: "localhost:9092",
            properties: ["group.protocol": "consumer"]
        )
        let error = #expect(throws: KafkaError.self) { try configuration.validate() }
        #expect(error?.property == "group.protocol")
    }

    @Test func fencedMemberEpochsAreStaleMemberships() {
        for code in [KafkaErrorCode(rawValue: 110), KafkaErrorCode(rawValue: 113)] {
            #expect(code.fault == .staleGeneration)
        }
    }
}
