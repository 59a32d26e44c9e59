import KafkaClient
import Logging
import WorkerKafka
import WorkerRuntime

/// Lets a worker start only on suitable topics.
struct TopicGate: Sendable {
    let access: KafkaAccess
    /// Called with the problem that prevents the start, and with `nil` when it is resolved.
    var onProblem: @Sendable (LogProblem?) -> Void = { _ in }
    /// The longest wait between two attempts to reach a broker.
    var longestWait: Duration = .seconds(5)

    /// Checks the topics. Waits without a limit while no broker answers.
    ///
    /// - Parameters:
    ///   - isStopping: whether a stop of the worker was requested.
    ///   - beat: called at every attempt, because a process that waits for a broker is alive.
    /// - Returns: the result of the check; `nil` if a stop was requested.
    /// - Throws: ``CommandFailure`` with the commands that fix the topics.
    func pass(isStopping: @Sendable () -> Bool, beat: @Sendable () -> Void = {}) async throws -> TopicReport? {
        // librdkafka reports errors of single brokers separately from the call that waits for them.
        let reason = KafkaReason()
        let admin = try KafkaAdmin(configuration: access.log.kafka, logger: access.logger) { reason.add($0) }
        do {
            let report = try await check(admin, reason, isStopping, beat)
            await admin.close()
            return report
        } catch {
            await admin.close()
            throw error
        }
    }

    private func check(
        _ admin: KafkaAdmin,
        _ reason: KafkaReason,
        _ isStopping: @Sendable () -> Bool,
        _ beat: @Sendable () -> Void
    ) async throws -> TopicReport? {
        let setup = TopicSetup(topics: access.topics, admin: admin, timeout: .seconds(5))
        var wait: Duration = .milliseconds(500)
        var hasWaited = false
        while !isStopping() {
            beat()
            do {
                let report = try await setup.check { report in
                    // The brokers may not know yet what was just created.
                    access.logger.warning(
                        "Topics are not suitable, checking them again",
                        metadata: [
                            "finding": "\(report.obstacles.map { "\($0.topic) \($0.message)" }.joined(separator: "; "))"
                        ]
                    )
                }
                if hasWaited {
                    access.logger.notice("Kafka is reachable")
                    onProblem(nil)
                }
                try evaluate(report)
                return report
            } catch let error as KafkaError {
                guard error.isResolvableOutside else { throw error }
                hasWaited = true
                let cause = reason.cause(of: error)
                onProblem(LogProblem(cause, access.log))
                access.logger.warning(
                    "Kafka cannot be used, retrying",
                    metadata: ["brokers": "\(access.bootstrapServers)", "error.message": "\(cause)"]
                )
            }
            guard await slept(for: wait) else { return nil }
            wait = min(wait * 2, longestWait)
        }
        return nil
    }

    private func evaluate(_ report: TopicReport) throws {
        for warning in report.findings where warning.severity == .warning || warning.isPartial {
            access.logger.warning(
                "Topic settings are risky",
                metadata: [
                    "topic": "\(warning.topic)", "finding": "\(warning.message)", "remedy": "\(warning.remedy)",
                ]
            )
        }
        guard !report.obstacles.isEmpty else { return }
        let lines = report.obstacles.map { "  \($0.topic) \($0.message).\n    \($0.remedy)" }
        throw CommandFailure(
            "The topics at \(access.bootstrapServers) are not suitable for a worker:\n" + lines.joined(separator: "\n")
        )
    }
}

extension KafkaError {
    /// Whether the error is resolved when brokers return, or credentials or rights are corrected, without a restart.
    fileprivate var isResolvableOutside: Bool {
        if fault == .retry || meansUnreachable { return true }
        switch LogProblem.Cause(code) {
        case .encryption, .authentication, .topicRights, .groupRights, .transactionalIDRights, .clusterRights:
            return true
        default: return false
        }
    }
}
