import EmbeddedKafka
import KafkaClient
import Synchronization
import TestSupport
import Testing

@testable import WorkerKafka

/// Checks of topics that brokers report as missing: for a while, as one that has not read the newest metadata does, or lastingly.
@Suite struct TopicSetupCheckTests {
    private func check(
        patience: Duration,
        onObstacle: (EmbeddedKafka, TopicReport) throws -> Void
    ) async throws -> TopicReport {
        let kafka = try EmbeddedKafka()
        defer { kafka.close() }
        let names = KafkaTopicNames()
        for name in [names.jobs, names.results, names.state, names.deadLetter] {
            try kafka.createTopic(name, partitions: 2)
        }
        try kafka.hide(topic: names.state)
        let configuration = KafkaConfiguration(bootstrapServers: kafka.bootstrapServers)
        let admin = try KafkaAdmin(configuration: configuration, logger: LogCapture().logger)
        let setup = TopicSetup(topics: names, admin: admin, patience: patience)
        let report = try await setup.check(settings: false, ends: false) { report in
            #expect(throws: Never.self) { try onObstacle(kafka, report) }
        }
        await admin.close()
        return report
    }

    @Test func topicThatAppearsMeanwhileIsNoObstacle() async throws {
        var repetitions = 0
        let report = try await check(patience: .seconds(30)) { kafka, report in
            #expect(report.obstacles.map(\.role) == [.state])
            repetitions += 1
            if repetitions == 2 { try kafka.reveal(topic: KafkaTopicNames().state) }
        }
        #expect(repetitions == 2)
        #expect(report.obstacles.isEmpty)
        #expect(report.topics.map(\.partitions) == [2, 2, 2, 2])
    }

    @Test func topicThatStaysMissingIsAnObstacle() async throws {
        var repetitions = 0
        let report = try await check(patience: .milliseconds(600)) { _, _ in repetitions += 1 }
        #expect(repetitions > 0)
        #expect(report.obstacles.map(\.role) == [.state])
        #expect(report.obstacles.first?.fault == .missing)
    }
}
