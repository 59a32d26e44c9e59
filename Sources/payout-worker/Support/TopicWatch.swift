import KafkaClient
import Logging
import WorkerConsole
import WorkerKafka

/// Looks at the topics while the worker runs: settings that somebody changes afterwards do as much harm as those
/// that were wrong before.
struct TopicWatch: Sendable {
    let access: KafkaAccess
    let problems: ReportedProblems
    /// Whether the broker tells settings; the embedded one does not, and asking it costs seconds.
    let tellsSettings: Bool
    private static let interval: Duration = .seconds(10)

    /// Looks again and again until the task is cancelled.
    func run() async {
        guard let admin = try? KafkaAdmin(configuration: access.log.kafka, logger: access.logger) else { return }
        let setup = TopicSetup(topics: access.topics, admin: admin, timeout: .seconds(5))
        var known: Set<TopicFinding> = []
        while !Task.isCancelled {
            // A cluster that does not answer is told by others.
            if let report = try? await setup.check(settings: tellsSettings) {
                tell(report, known: &known)
            }
            try? await Task.sleep(for: Self.interval)
        }
        await admin.close()
    }

    private func tell(_ report: TopicReport, known: inout Set<TopicFinding>) {
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
            case .problem: access.logger.error("A topic is not fit for a worker", metadata: metadata)
            case .warning: access.logger.warning("A topic's settings are a risk", metadata: metadata)
            }
        }
        known = Set(report.findings)
    }
}
