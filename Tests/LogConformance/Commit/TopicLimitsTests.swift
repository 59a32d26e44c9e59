import KafkaClient
import Logging
import Testing
import WorkerRuntime

@testable import WorkerKafka

@Suite struct TopicLimitsTests {
    private func limits(_ properties: [String: String] = [:]) -> (TopicLimits, KafkaConfiguration) {
        var kafka = KafkaConfiguration(bootstrapServers: "127.0.0.1:1")
        kafka.properties = properties
        let configuration = KafkaLogConfiguration(kafka: kafka, groupID: "limits", workerID: "one")
        return (TopicLimits(configuration, logger: Logger(label: "limits")), kafka)
    }

    @Test func clientsOwnLimitCountsWhereItIsLower() {
        #expect(limits().0.current == OutputLimits())
        #expect(limits(["message.max.bytes": "100000000"]).0.current == OutputLimits())
        let (lower, _) = limits(["message.max.bytes": "12000"])
        #expect(LogTopic.allCases.allSatisfy { lower.current[$0] == 12_000 })
        #expect(lower.batchBytes == 12_000)
    }

    @Test func batchesKeepToTheLowestLimit() {
        let (lower, kafka) = limits(["message.max.bytes": "12000"])
        let batching = ProducerBatching(lower, kafka)
        #expect(batching.configuration(kafka).properties["batch.size"] == "12000")
        #expect(batching.configuration(kafka).properties["message.max.bytes"] == "12000")
        #expect(batching.configuration(kafka).properties["batch.num.messages"] == nil)
        let (own, smaller) = limits(["batch.size": "500"])
        #expect(ProducerBatching(own, smaller).bytes == 500)
        let single = ProducerBatching(own, smaller, isSingle: true)
        #expect(single != ProducerBatching(own, smaller))
        #expect(single.configuration(smaller).properties["batch.num.messages"] == "1")
    }

    /// The bound only keeps a failure from lasting.
    @Test(.timeLimit(.minutes(30))) func settlingEndsEveryWait() async {
        let (limits, _) = limits()
        async let first: Void = limits.waitUntilSettled()
        async let second: Void = limits.waitUntilSettled()
        limits.settle()
        _ = await (first, second)
        await limits.waitUntilSettled()
    }
}
