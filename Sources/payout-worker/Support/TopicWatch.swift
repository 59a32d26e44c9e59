import KafkaClient
import Logging
import WorkerKafka
import WorkerRuntime
import WorkerTelemetry

/// Checks the topics while the worker runs, because an operator may change their settings after the start.
struct TopicWatch: Sendable {
    let access: KafkaAccess
    let problems: ReportedProblems
    /// Whether the broker reports settings. The embedded broker does not, and the request takes seconds there.
    let reportsSettings: Bool
    private static let interval: Duration = .seconds(10)

    /// Checks until the task is cancelled.
    func run() async {
        guard let admin = try? KafkaAdmin(configuration: access.log.kafka, logger: access.logger) else { return }
        let setup = TopicSetup(topics: access.topics, admin: admin, timeout: .seconds(5))
        var known: Set<TopicFinding> = []
        while !Task.isCancelled {
            // Other parts report an unreachable cluster.
            if let report = try? await setup.check(settings: reportsSettings, ends: false) {
                publish(report, known: &known)
            }
            guard await slept(for: Self.interval) else { break }
        }
        await admin.close()
    }

    private func publish(_ report: TopicReport, known: inout Set<TopicFinding>) {
        problems.topics(
            report.findings.map {
                TopicProblem(
                    topic: $0.topic,
                    message: $0.message,
                    remedy: $0.remedy,
                    isBlocking: $0.severity == .problem
                )
            }
        )
        for finding in report.findings where !known.contains(finding) {
            let metadata: Logger.Metadata = [
                "topic": "\(finding.topic)", "finding": "\(finding.message)", "remedy": "\(finding.remedy)",
            ]
            switch finding.severity {
            case .problem: access.logger.error("Topic is not suitable for a worker", metadata: metadata)
            case .warning: access.logger.warning("Topic settings are risky", metadata: metadata)
            }
        }
        known = Set(report.findings)
    }
}
