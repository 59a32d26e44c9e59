import Testing

@testable import WorkerKafka

@Suite struct TopicPlanTests {
    @Test func stateTopicIsCompactedAndHasNoRetention() {
        let settings = TopicPlan().settings(.state)
        #expect(settings["cleanup.policy"] == "compact")
        #expect(settings["retention.ms"] == "-1")
        #expect(settings["retention.bytes"] == "-1")
    }

    @Test func deadLetterTopicHasALargerLimitAndALongerRetention() {
        let plan = TopicPlan()
        #expect(plan.settings(.deadLetter)["max.message.bytes"] == "4194304")
        #expect(plan.settings(.deadLetter)["retention.ms"] == "2592000000")
        var long = plan
        long.retention = .seconds(90 * 86_400)
        #expect(long.settings(.deadLetter)["retention.ms"] == long.settings(.jobs)["retention.ms"])
    }

    @Test func threeReplicasRequireTwoInSync() {
        var plan = TopicPlan()
        #expect(plan.settings(.jobs)["min.insync.replicas"] == nil)
        plan.replicationFactor = 3
        for role in TopicRole.allCases { #expect(plan.settings(role)["min.insync.replicas"] == "2") }
    }
}
