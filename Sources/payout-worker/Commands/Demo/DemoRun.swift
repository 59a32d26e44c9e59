import ExportRecords
import KafkaClient
import Logging
import Primitives
import WorkerKafka
import WorkerRuntime

/// The result of a demo run.
struct DemoOutcome: Sendable {
    /// The completion events by job id, the first of each.
    var events: [String: CompletionEventDocument] = [:]
    /// Jobs with a later event that differs from the first one.
    var contradictions: [String] = []
    var elapsed: Duration = .zero
}

/// Lets a worker run the demo's jobs and watches the results topic.
struct DemoRun: Sendable {
    let configuration: WorkerConfiguration
    let logger: Logger
    let plan: DemoPlan
    /// A run takes about fifteen seconds. After this limit, missing events are not expected any more.
    private static let limit: Duration = .seconds(50)

    /// Runs the worker until all jobs have ended.
    func outcome() async throws -> DemoOutcome {
        let access = KafkaAccess(configuration.log, logger: logger)
        let stop = WorkerStop()
        let worker = Worker(configuration, logger: logger)
        return try await withThrowingTaskGroup(of: DemoOutcome?.self) { group in
            group.addTask {
                try await worker.run(until: stop, heedsSignals: true)
                return nil
            }
            group.addTask { try await watch(access) }
            var outcome: DemoOutcome?
            do {
                while let ended = try await group.next() {
                    guard let ended else {
                        // The worker has ended: on request, or too early.
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
            "Sent \(Formatting.count(plan.jobs.count, "job")), one of them twice, and one that is invalid."
        )
        Terminal.note("Joining the embedded broker's group takes three seconds.")
        try await access.withAdmin { admin in
            try await access.withReader { reader in
                let scan = TopicScan(access: access, admin: admin, reader: reader, topic: access.topics.results)
                try await scan.follow(
                    from: .beginning,
                    idle: { watcher.step(after: ContinuousClock.now - start, limit: Self.limit) }
                ) { record in
                    watcher.receive(record)
                    return watcher.step(after: ContinuousClock.now - start, limit: Self.limit)
                }
            }
        }
        return watcher.finish(after: ContinuousClock.now - start)
    }
}

/// Collects events and shows the progress.
private final class DemoWatcher {
    private let expected: Set<String>
    private var outcome = DemoOutcome()
    private let progress = ProgressLine()

    init(expected: Set<String>) { self.expected = expected }

    func receive(_ record: KafkaRecord) {
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
            "\(ProgressLine.bar(Double(done) / Double(expected.count))) \(done) of \(expected.count) events, \(elapsed.shortText)"
        )
        return expected.isSubset(of: outcome.events.keys) || elapsed > limit ? .stop : .continue
    }

    func finish(after elapsed: Duration) -> DemoOutcome {
        progress.clear()
        outcome.elapsed = elapsed
        return outcome
    }
}
