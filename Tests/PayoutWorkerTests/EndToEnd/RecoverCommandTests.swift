import EmbeddedKafka
import Foundation
import KafkaClient
import Logging
import Testing
import TestSupport
import WorkerKafka

@testable import payout_worker

extension CommandsEndToEnd {
    /// A worker whose topics were replaced. Topics with other names simulate topics that were deleted and created again, which
    /// the embedded broker does not support.
    @Suite struct RecoverCommandTests {
        private func run(_ arguments: String..., environment: [String: String]) async throws -> CommandOutput {
            try await run(arguments, environment: environment)
        }

        private func run(_ arguments: [String], environment: [String: String]) async throws -> CommandOutput {
            try await Command(arguments, environment: environment).end()
        }

        /// Runs a worker until these jobs have ended, and stops it.
        private func runWorker(_ jobs: String, count: Int, _ environment: [String: String]) async throws {
            let worker = try Command(["run"], environment: environment)
            let waited = try await run(
                "enqueue",
                "--count",
                "\(count)",
                "--prefix",
                jobs,
                "--wait",
                "--timeout",
                "90s",
                environment: environment
            )
            #expect(waited.status == 0, "\(waited.errors) \(worker.errors)")
            worker.signal(SIGTERM)
            #expect(try await worker.end().status == 0)
        }

        private func stopped(_ console: Console) async throws -> Console.Reason {
            var found: Console.Reason?
            try await eventually("a partition is stopped") {
                found = try await console.reason("partitionStopped")
                return found != nil
            }
            return try #require(found)
        }

        @Test func emptyStateOfAGroupThatHasCommittedIsRecoveredWhileTheWorkerRuns() async throws {
            try await WorkerFixture.with { fixture in
                try fixture.broker.createTopic("other.state", partitions: 2)
                var environment = fixture.environment
                // The embedded broker discards offsets that are sent in transactions.
                environment["WORKER_DELIVERY"] = "at-least-once"
                try await runWorker("first", count: 8, environment)

                environment["KAFKA_TOPICS_STATE"] = "other.state"
                let worker = try Command(["run"], environment: environment)
                let reason = try await stopped(try await Console(of: worker))
                #expect(reason.message.contains("the state topic was deleted"))
                #expect(reason.remedy.contains("payout-worker topics recover --partition"))

                let recover = ["topics", "recover", "--all", "--from"]
                let plan = try await run(recover + ["beginning", "--dry-run"], environment: environment)
                #expect(plan.status == 0, "\(plan.errors)")
                #expect(plan.output.contains("would be written"))
                let done = try await run(recover + ["committed"], environment: environment)
                #expect(done.status == 0, "\(done.errors)")
                let enqueue = ["enqueue", "--count", "8", "--prefix", "second", "--wait", "--timeout", "90s"]
                let waited = try await run(enqueue, environment: environment)
                #expect(waited.status == 0, "\(waited.errors) \(worker.errors)")
                // A partition that continues is skipped.
                let again = try await run(recover + ["end"], environment: environment)
                #expect(again.output.contains("skipped"))
                #expect(again.output.contains("Nothing was written"))
                worker.signal(SIGTERM)
                #expect(try await worker.end().status == 0)
            }
        }

        @Test func replacedJobsTopicStopsTheWorkerAndIsReadFromItsBeginningOnDemand() async throws {
            try await WorkerFixture.with { fixture in
                try fixture.broker.createTopic("other.jobs", partitions: 2)
                try await runWorker("first", count: 6, fixture.environment)
                var environment = fixture.environment
                environment["KAFKA_TOPICS_JOBS"] = "other.jobs"
                // Exceed the old offsets, so that the end of the topic does not show the replacement.
                let sent = try await run(
                    "enqueue",
                    "--count",
                    "30",
                    "--prefix",
                    "second",
                    environment: environment
                )
                #expect(sent.status == 0, "\(sent.errors)")
                let worker = try Command(["run"], environment: environment)
                let reason = try await stopped(try await Console(of: worker))
                #expect(reason.message.contains("deleted and created again"))
                #expect(reason.remedy.contains("--from beginning"))
                let done = try await run(
                    "topics",
                    "recover",
                    "--all",
                    "--from",
                    "beginning",
                    "-o",
                    "json",
                    environment: environment
                )
                #expect(done.status == 0, "\(done.errors)")
                try await eventually("every job of the other topic has ended") {
                    let events = try await fixture.records(fixture.topics.results)
                    return Set(events.compactMap(\.key).filter { $0.hasPrefix("second-") }).count == 30
                }
                worker.signal(SIGTERM)
                #expect(try await worker.end().status == 0)
            }
        }
    }
}
