import KafkaClient
import Logging
import Testing

@testable import WorkerKafka

/// What the check of the topics finds in settings, without a broker.
@Suite struct TopicSettingsTests {
    private func check(_ role: TopicRole, _ settings: [String: String]) async throws -> TopicReport {
        let kafka = KafkaConfiguration(bootstrapServers: "127.0.0.1:1")
        var quiet = Logger(label: "topics")
        quiet.logLevel = .critical
        let admin = try KafkaAdmin(configuration: kafka, logger: quiet)
        var topic = TopicReport.Topic(role: role, name: "payout.export.state")
        topic.settings = settings
        var report = TopicReport()
        TopicSetup(topics: KafkaTopicNames(), admin: admin).checkSettings(topic, &report)
        await admin.close()
        return report
    }

    @Test func tombstoneRetentionBelowAnHourIsAWarning() async throws {
        let report = try await check(.state, ["cleanup.policy": "compact", "delete.retention.ms": "3599999"])
        #expect(report.problems.isEmpty)
        #expect(report.warnings.map(\.fault) == [.tombstoneRetention(3_599_999)])
    }

    @Test func tombstoneRetentionOfAnHourIsAccepted() async throws {
        let report = try await check(.state, ["cleanup.policy": "compact", "delete.retention.ms": "3600000"])
        #expect(report.problems.isEmpty && report.warnings.isEmpty)
    }
}
