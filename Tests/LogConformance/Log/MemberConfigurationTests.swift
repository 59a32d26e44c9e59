import KafkaClient
import Testing

@testable import WorkerKafka

@Suite struct MemberConfigurationTests {
    private func properties(stable: Bool, _ own: [String: String] = [:]) -> [String: String] {
        var configuration = KafkaLogConfiguration(
            kafka: KafkaConfiguration(bootstrapServers: "localhost:9092", properties: own),
            groupID: "group",
            workerID: "worker-1"
        )
        configuration.isWorkerIDStable = stable
        return configuration.memberConfiguration.properties
    }

    @Test func workerWithAStableNameIsAStaticMember() {
        #expect(properties(stable: true)["group.instance.id"] == "worker-1")
        #expect(properties(stable: false)["group.instance.id"] == nil)
    }

    @Test func memberWithEpochsIsNotStaticAndHasTheBrokersSessionTimeout() {
        var configuration = KafkaLogConfiguration(
            kafka: KafkaConfiguration(
                bootstrapServers: "localhost:9092",
                properties: ["client.id": "one", "session.timeout.ms": "8000", "heartbeat.interval.ms": "1500"]
            ),
            groupID: "group",
            workerID: "worker-1"
        )
        configuration.isWorkerIDStable = true
        #expect(configuration.propertiesWithoutEffect.isEmpty)
        configuration.groupProtocol = .consumer
        #expect(configuration.memberConfiguration.properties["group.instance.id"] == nil)
        #expect(configuration.propertiesWithoutEffect == ["heartbeat.interval.ms", "session.timeout.ms"])
        configuration.kafka.properties = [:]
        #expect(configuration.memberConfiguration.properties.isEmpty)
    }

    @Test func sessionTimeoutIsTenSecondsUnlessConfigured() {
        #expect(properties(stable: false)["session.timeout.ms"] == "10000")
        #expect(properties(stable: true, ["session.timeout.ms": "45000"])["session.timeout.ms"] == "45000")
        #expect(properties(stable: true, ["group.instance.id": "own"])["group.instance.id"] == "own")
    }
}
