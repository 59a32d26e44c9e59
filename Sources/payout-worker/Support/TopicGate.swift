import KafkaClient
import Logging
import WorkerKafka

/// Lets a worker start only on topics that it can work with.
struct TopicGate: Sendable {
    let access: KafkaAccess
    /// The longest wait between two tries to reach a broker.
    var longestWait: Duration = .seconds(5)

    /// Checks the topics. Waits for a broker that does not answer, for as long as it takes.
    ///
    /// - Parameters:
    ///   - isStopping: whether the worker has been told to stop meanwhile.
    ///   - beat: called at every try: a process that waits for a broker is alive.
    /// - Returns: what the check found; `nil` when the worker was told to stop.
    /// - Throws: ``CommandFailure`` with the commands that mend the topics.
    func pass(isStopping: @Sendable () -> Bool, beat: @Sendable () -> Void = {}) async throws -> TopicReport? {
        let admin = try KafkaAdmin(configuration: access.log.kafka, logger: access.logger)
        do {
            let report = try await check(admin, isStopping, beat)
            await admin.close()
            return report
        } catch {
            await admin.close()
            throw error
        }
    }

    private func check(
        _ admin: KafkaAdmin,
        _ isStopping: @Sendable () -> Bool,
        _ beat: @Sendable () -> Void
    ) async throws -> TopicReport? {
        let setup = TopicSetup(topics: access.topics, admin: admin, timeout: .seconds(5))
        var wait: Duration = .milliseconds(500)
        var hasWaited = false
        while !isStopping() {
            beat()
            do {
                let report = try await setup.check()
                if hasWaited { access.logger.notice("Kafka answers") }
                try judge(report)
                return report
            } catch let error as KafkaError {
                guard error.fault == .retry || error.saysUnreachable else { throw error }
                hasWaited = true
                access.logger.warning(
                    "Kafka cannot be reached; waiting for it",
                    metadata: ["brokers": "\(access.bootstrapServers)", "error": "\(error)"]
                )
            }
            try? await Task.sleep(for: wait)
            wait = min(wait * 2, longestWait)
        }
        return nil
    }

    private func judge(_ report: TopicReport) throws {
        for warning in report.warnings {
            access.logger.warning(
                "A topic's settings are a risk",
                metadata: [
                    "topic": "\(warning.topic)", "finding": "\(warning.message)", "remedy": "\(warning.remedy)",
                ]
            )
        }
        guard !report.problems.isEmpty else { return }
        let lines = report.problems.map { "  \($0.topic) \($0.message).\n    \($0.remedy)" }
        throw CommandFailure(
            "The topics at \(access.bootstrapServers) are not fit for a worker:\n" + lines.joined(separator: "\n")
        )
    }
}
