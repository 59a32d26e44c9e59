import ExportCore
import ExportRecords
import Foundation
import PayoutSandbox
import EmbeddedKafka
import WorkerKafka
import TestSupport
import Testing

@testable import payout_worker

extension WorkersEndToEnd {
    @Suite struct WorkerCommandTests {
        @Test func jobsRunFromTheJobsTopicToTheFile() async throws {
            try await WorkerFixture.with { fixture in
                let worker = try Command(["run"], environment: fixture.environment)
                let waited = try await fixture.run(
                    "enqueue",
                    "--count",
                    "4",
                    "--prefix",
                    "w",
                    "--wait",
                    "--timeout",
                    "10m",
                    "-o",
                    "json"
                )
                #expect(waited.status == 0, "\(waited.errors) \(worker.errors)")
                let events = try waited.objects()
                #expect(Set(events.compactMap { $0["jobId"] as? String }) == ["w-1", "w-2", "w-3", "w-4"])
                for event in events { try Self.checkFile(of: event) }
                #expect(fixture.sandbox.exportCount == 4)

                let refused = try await fixture.run(
                    "enqueue",
                    "--job-id",
                    "no",
                    "--kind",
                    "x",
                    "--no-check",
                    "--wait",
                    "--timeout",
                    "10m"
                )
                #expect(refused.status == 1)
                #expect(refused.output.contains("rejected"))

                _ = try await fixture.run("enqueue", "--job-id", "later", "--kind", "payments", "--not-before", "1h")
                let cancelled = try await fixture.run("cancel", "later", "--wait")
                #expect(cancelled.status == 0, "\(cancelled.errors)")

                try await Self.checkStatus(fixture)
                worker.signal(SIGTERM)
                let ended = try await worker.end()
                #expect(ended.status == 0, "\(ended.errors)")
                #expect(!ended.errors.contains("sandbox-password"))
            }
        }

        /// As while an administrator adds partitions to one topic after the other.
        @Test func workerStartsWhileTheStateTopicLacksAPartition() async throws {
            try await WorkerFixture.with { fixture in
                try fixture.broker.createTopic("fewer.state", partitions: 1)
                let environment = fixture.environment.merging(["KAFKA_TOPICS_STATE": "fewer.state"]) { $1 }
                let worker = try Command(["run"], environment: environment)
                try await fixture.enqueue("served")
                try await fixture.completes("served")
                #expect(worker.errors.contains("has 1 partitions and \(fixture.topics.jobs) has 2"), "\(worker.errors)")
                try await eventually("the partition without state is reported") {
                    worker.errors.contains("has no partition of this number")
                }
                worker.signal(SIGTERM)
                let ended = try await worker.end()
                #expect(ended.status == 0, "\(ended.errors)")
                let checked = try await Command(["topics", "check"], environment: environment).end()
                #expect(checked.status == 1)
                #expect(checked.output.contains("payout-worker topics create"))
                #expect(checked.output.contains("A worker would start"))
                #expect(try await fixture.run("topics", "check").status == 0)
            }
        }

        /// The file has the location and size of its event.
        private static func checkFile(of event: [String: Any]) throws {
            let file = try #require((event["files"] as? [[String: Any]])?.first)
            let path = try #require(URL(string: file["location"] as? String ?? "")?.path)
            let size = try #require(FileManager.default.contents(atPath: path)?.count)
            #expect(size == file["sizeBytes"] as? Int)
        }

        private static func checkStatus(_ fixture: WorkerFixture) async throws {
            let fleet = try await fixture.run("status", "-o", "json").object()
            let jobs = try #require(fleet["jobs"] as? [String: Int])
            #expect(jobs["finished.completed"] == 4)
            #expect(jobs["finished.cancelled"] == 1)
            #expect((fleet["oldest"] as? [Any])?.isEmpty == true)
            // The embedded broker does not describe groups, and the command reports that instead of failing.
            #expect(fleet["notes"] as? [String] == ["the group's members: this broker does not report them"])
            let job = try await fixture.run("status", "w-2", "-o", "json").object()
            #expect(job["state"] as? String == "completed")
            let entries = try #require(job["timeline"] as? [[String: String]]).compactMap { $0["what"] }
            #expect(entries.first?.hasPrefix("enqueued") == true)
            #expect(entries.contains("accepted"))
            #expect(entries.contains("finished: completed"))
            #expect(try await fixture.run("status").output.contains("5 finished"))
            let unknown = try await fixture.run("status", "missing-job")
            #expect(unknown.status == 1)
            #expect(unknown.errors.contains("missing-job"))
        }

        @Test func workerWaitsForItsBroker() async throws {
            var environment = WorkerConfigurationTests.complete
            environment["KAFKA_BOOTSTRAP_SERVERS"] = "127.0.0.1:9"
            environment["HTTP_PORT"] = "0"
            let worker = try Command(["run"], environment: environment)
            try await worker.wait(for: "the message") {
                worker.errors.contains("Kafka cannot be used, retrying")
            }
            #expect(worker.errors.contains("brokers=127.0.0.1:9"))
            worker.signal(SIGTERM)
            #expect(try await worker.end().status == 0)
        }

        @Test func demoSucceeds() async throws {
            let files = try TemporaryFile(directory: ())
            let demo = try await Command.run("demo", "--jobs", "5", "--files", files.path)
            #expect(demo.status == 0, "\(demo.output) \(demo.errors)")
            #expect(demo.output.contains("ok: every job completed"))
            #expect(!demo.output.contains("NOT OK"))
            #expect(demo.output.contains(files.path))
        }
    }
}
