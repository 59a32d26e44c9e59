import ExportRecords
import KafkaClient
import Logging
import WorkerKafka
import WorkerRuntime

/// What the demo saw.
struct DemoOutcome: Sendable {
    /// The completion events by job id, the first of each.
    var events: [String: CompletionEventDocument] = [:]
    /// Events beyond the first of a job that say something else.
    var contradictions: [String] = []
    var elapsed: Duration = .zero
}

/// Lets a worker run the demo's jobs and watches the results topic.
struct DemoRun: Sendable {
    let configuration: WorkerConfiguration
    let logger: Logger
    let plan: DemoPlan
    /// Everything takes some fifteen seconds; what is missing after this will not come.
    private static let limit: Duration = .seconds(50)

    /// Runs from the first job to the worker's end.
    func outcome() async throws -> DemoOutcome {
        let access = KafkaAccess(configuration.log, logger: logger)
        let stop = WorkerStop()
        let worker = Worker(configuration, logger: logger)
        return try await withThrowingTaskGroup(of: DemoOutcome?.self) { group in
            group.addTask {
                try await worker.run(until: stop)
                return nil
            }
            group.addTask { try await watch(access) }
            var outcome: DemoOutcome?
            do {
                while let ended = try await group.next() {
                    guard let ended else {
                        // The worker has ended: as it was told, or before its time.
                        if outcome == nil { throw CommandFailure("The demo was interrupted.") }
                        break
                    }
                    outcome = ended
                    stop(.graceful)
                }
            } catch {
                stop(.now)
                group.cancelAll()
                throw error
            }
            return outcome ?? DemoOutcome()
        }
    }

    private func watch(_ access: KafkaAccess) async throws -> DemoOutcome {
        let start = ContinuousClock.now
        let watcher = DemoWatcher(expected: plan.ids)
        try await JobSender(access: access).send(plan.records)
        Terminal.note(
            "Sent \(Readable.count(plan.jobs.count, "job")), one of them twice, and one that is not valid. A member joins the embedded broker's group after three seconds."
        )
        try await access.withAdmin { admin in
            try await access.withReader { reader in
                let scan = TopicScan(access: access, admin: admin, reader: reader, topic: access.topics.results)
                try await scan.follow(
                    from: .beginning,
                    idle: { watcher.step(after: ContinuousClock.now - start, limit: Self.limit) }
                ) { record in
                    watcher.take(record)
                    return watcher.step(after: ContinuousClock.now - start, limit: Self.limit)
                }
            }
        }
        return watcher.finish(after: ContinuousClock.now - start)
    }
}

/// Gathers events and shows how far things are.
private final class DemoWatcher {
    private let expected: Set<String>
    private var outcome = DemoOutcome()
    private let progress = ProgressLine()

    init(expected: Set<String>) { self.expected = expected }

    func take(_ record: KafkaRecord) {
        guard let event = try? EventDecoder().decode(value: record.value) else { return }
        if let known = outcome.events[event.jobId] {
            if known != event { outcome.contradictions.append(event.jobId) }
            return
        }
        outcome.events[event.jobId] = event
        if !Terminal.isErrorInteractive { Terminal.note(EventLine.text(event)) }
    }

    func step(after elapsed: Duration, limit: Duration) -> TopicScan.Step {
        let done = outcome.events.count
        progress.show(
            "\(ProgressLine.bar(Double(done) / Double(expected.count))) \(done) of \(expected.count) events, \(Readable.duration(elapsed))"
        )
        return expected.isSubset(of: outcome.events.keys) || elapsed > limit ? .stop : .goOn
    }

    func finish(after elapsed: Duration) -> DemoOutcome {
        progress.clear()
        outcome.elapsed = elapsed
        return outcome
    }
}
